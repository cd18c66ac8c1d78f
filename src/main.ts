// argv, environment, exit code; nothing else. `--version` answers before anything is loaded.
import { basename } from 'node:path'
import process from 'node:process'
import { versionText } from './cli/version.ts'
import { exitCodes } from './domain/exit-codes.ts'
import { holdSignals } from './os/signals.ts'
import { version } from './version.ts'

// What follows takes its time to load, and a platform may change its mind meanwhile.
holdSignals()
const [, , first] = process.argv
const name = basename(process.argv0)
/** Under these names `--version` means another program's. cli/arguments.ts, which has them too, is not loaded yet. */
const isFace = /^(supervisor(d|ctl)|echo_supervisord_conf|pidproxy)$/.test(name)

if (!isFace && (first === '--version' || first === '-v')) {
  process.stdout.write(versionText(version, process.versions.node))
} else {
  // Whatever a foreign client left open must not keep a container from ending: hence the explicit exit.
  void import('./agent/command.ts')
    .then(({ command }) => command(process.argv.slice(2), name))
    .then((code) => process.exit(code))
    .catch((error: unknown) => {
      process.stderr.write(`pidpiper: a bug, please report it: ${String(error)}\n`)
      process.exit(exitCodes.bug)
    })
}
