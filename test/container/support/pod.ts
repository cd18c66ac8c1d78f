// The image run as the chart runs it: what its pod may do, and where its files lie.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { chown, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { GRACE_SECONDS, type Container, type Pod } from '../../fixtures/e2e-pid1.ts'
import { startAgent } from '../../support/agent.ts'
import { tempDir } from '../../support/temp.ts'
import type { Store } from './store.ts'

/** Where the chart mounts what `secrets` names. */
const secrets = '/etc/pidpiper/secrets'
const user = 1000

/** The security contexts of the chart's values as words of `podman run`: only its two empty folders can be written to. */
export const restricted = [
  ...['--read-only', '--read-only-tmpfs=false', '--tmpfs', '/tmp', '--tmpfs', '/run'],
  ...['--cap-drop', 'all', '--security-opt', 'no-new-privileges', '--user', `${user}:${user}`],
]

/** Starts a pod of `image` in the network of the machine, with its files mounted as the kubelet does it. */
export async function startPodOfImage(t: TestContext, store: Store, image: string, pod: Pod): Promise<Container> {
  const folder = join(tempDir(t), 'secrets')
  await projectFiles(folder, pod.files)
  const paths = Object.keys(pod.files).map((variable) => [variable, `${secrets}/${variable}`] as const)
  const variables = { POD_NAME: pod.name, ...pod.env, ...Object.fromEntries(paths) }
  // Names alone: podman takes the values from its own environment.
  const names = ['HTTP_LISTEN', 'PIDPIPER_TEST_RUN', ...Object.keys(variables)].flatMap((name) => ['--env', name])
  const mount = ['--volume', `${folder}:${secrets}:ro`]
  const { command, env } = store.command([
    ...store.runWords(pod.name, 'host'),
    ...restricted,
    ...mount,
    ...names,
    image,
  ])
  const agent = await startAgent(t, { command, env: { ...env, ...variables } })
  t.after(() => store.podman(['rm', '--force', '--ignore', '--time', '0', pod.name]))
  await agent.waitForEvent('agent.started').catch((cause: unknown) => {
    throw new Error(`${pod.name} did not start: ${agent.stderr.slice(-2000)}`, { cause })
  })
  const pid = Number((await store.podman(['inspect', '--format', '{{.State.Pid}}', pod.name])).stdout)
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  for (const fact of [/^Uid:\t1000\t1000\t/m, /^CapBnd:\t0+$/m, /^NoNewPrivs:\t1$/m]) assert.match(status, fact)
  return {
    agent,
    pid,
    stop: async () => {
      const { status, stderr } = await store.podman(['stop', '--time', String(GRACE_SECONDS), pod.name])
      assert.equal(status, 0, stderr)
      return agent.exit()
    },
  }
}

/** Files of a projected volume: behind two links, and for its group alone (`defaultMode: 0440` under `fsGroup`). */
async function projectFiles(folder: string, files: Pod['files']): Promise<void> {
  const version = join(folder, '..2026_11_26_00_00_00.1')
  await mkdir(version, { recursive: true })
  await symlink('..2026_11_26_00_00_00.1', join(folder, '..data'))
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(version, name), content, { mode: 0o440 })
    await chown(join(version, name), 0, user)
    await symlink(`..data/${name}`, join(folder, name))
  }
}
