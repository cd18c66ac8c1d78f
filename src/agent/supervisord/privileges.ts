// Who the daemon is and what the system grants it (supervisord: set_uid_or_exit, set_rlimits_or_exit).
import process from 'node:process'
import { AgentError } from '../../domain/errors.ts'
import type { Account, Machine } from '../../faces/supervisord/config/machine.ts'
import type { SupervisordSettings } from '../../faces/supervisord/config/types.ts'
import type { Libc } from '../../os/libc.ts'
import { childOpenFiles } from '../../os/open-files.ts'
import { raiseLimits } from '../../os/process-limits.ts'

const asRoot =
  'Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If ' +
  'you intend to run as root, you can set user=root in the config file to avoid this message.'

/** Becomes the user of the configuration, for good. Raises BAD_CONFIGURATION where that is not possible. */
export function becomeUser(
  user: Account | null,
  machine: Machine,
): { criticals: readonly string[]; infos: readonly string[] } {
  const own = process.getuid?.()
  if (user === null) return { criticals: own === 0 ? [asRoot] : [], infos: [] }
  if (own !== user.uid) {
    if (own !== 0) throw new AgentError('BAD_CONFIGURATION', "Can't drop privilege as nonroot user")
    process.setgroups?.([...machine.groupsOf(user)])
    process.setgid?.(user.gid)
    process.setuid?.(user.uid)
  }
  return { criticals: [], infos: [`Set uid to user ${user.uid} succeeded`] }
}

/**
 * Raises the limits that are too low; BAD_CONFIGURATION where the system refuses.
 * `childFiles` null: there is no native part, and no limit was looked at.
 */
export function ensureLimits(
  libc: Libc | null,
  { minfds, minprocs }: SupervisordSettings,
): { infos: readonly string[]; childFiles: bigint | null } {
  if (libc === null) return { infos: [], childFiles: null }
  const result = raiseLimits(libc, { minfds, minprocs }, childOpenFiles(libc))
  if ('limit' in result) throw new AgentError('BAD_CONFIGURATION', refusal(result))
  const infos = result.increased.map(({ limit, to }) => `Increased ${limit} limit to ${to}`)
  return { infos, childFiles: result.childFiles }
}

function refusal({ limit, wanted, hard }: { limit: string; wanted: number; hard: string }): string {
  const [what, key, who] =
    limit === 'RLIMIT_NOFILE'
      ? ['file descriptors', 'minfds', 'process']
      : ['available processes', 'minprocs', 'program']
  const used = limit === 'RLIMIT_NOFILE' ? 'file descriptors' : 'processes'
  return (
    `The minimum number of ${what} required to run this ${who} is ${wanted} as per the "${key}" command-line argument ` +
    `or config file setting. The current environment will only allow you to open ${hard} ${used}.  Either raise the ` +
    `number of usable ${used} in your environment (see README.rst) or lower the ${key} setting in the config file to ` +
    `allow the ${who} to start.`
  )
}
