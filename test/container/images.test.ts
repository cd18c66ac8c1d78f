// The project's image and the manual's, built from their Dockerfiles and run by a real container engine.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { version } from '../../src/version.ts'
import type { Outcome } from './support/command.ts'
import { makeImages, obstacle } from './support/images.ts'
import { walkThrough } from './support/newcomer.ts'
import { restricted, startPodOfImage } from './support/pod.ts'
import { Store } from './support/store.ts'
import { replaceUnderLoad } from '../fixtures/e2e-rollout.ts'
import { waitFor } from '../support/wait-for.ts'
import { missingTools } from '../testbed/tools.ts'
import { installTools } from '../../scripts/chart/tools.ts'

const image = 'docker.io/library/pidpiper'
const raw = ['--env', 'OUTPUT_FORMAT=raw']
const skip = obstacle() ?? false
describe('container images', { skip, timeout: 600_000 }, () => {
  let store: Store
  let away: string | null = null
  let data = ''
  let count = 0

  before(async () => {
    store = await Store.open()
    data = join(store.folder, 'data')
    mkdirSync(data)
    writeFileSync(join(data, 'lines'), 'one\ntwo\n\nvier äöü\n')
    writeFileSync(join(data, 'readings'), '{"id":1,"value":20}\n{"id":2,"value":30}\n')
    writeFileSync(join(data, 'model'), '{"factor":1.5}')
    away = await makeImages(store)
  })
  after(() => store.close())

  const mounts = (): string[] => ['--volume', `${data}:/data:ro`]

  /** `podman run` with `options`, then the image, then the words of the container. */
  function container(options: readonly string[], words: readonly string[], of = image): Promise<Outcome> {
    count += 1
    return store.podman([...store.runWords(`test-${count}`), ...mounts(), ...options, of, ...words])
  }

  function fact(title: string, check: (t: TestContext) => Promise<void>): void {
    it(title, async (t) => {
      if (away === null) await check(t)
      else t.skip(away)
    })
  }

  fact('--version', async () => {
    const { status, stdout, stderr } = await container([], ['--version'])
    assert.equal(status, 0, stderr)
    assert.ok(stdout.startsWith(`pidpiper ${version} `), stdout)
  })

  fact('without any configuration it ends with 78 and names what is missing', async () => {
    const { status, stdout, stderr } = await container([], [])
    assert.equal(status, 78, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /PROGRAM|--bin/)
    assert.match(stderr, /KAFKA_DSN/)
    assert.match(stderr, /--in/)
    assert.doesNotMatch(stderr, /^\s+at /m)
  })

  fact('local streams pass through a Calculator, and its exit code 0 ends the container', async () => {
    const { status, stdout, stderr } = await container(raw, ['--bin', 'cat', '--in', '/data/lines', '--out', '-'])
    assert.equal(status, 0, stderr)
    assert.equal(stdout, 'one\ntwo\n\nvier äöü\n')
  })

  fact('the Calculator runs as user and group 1000', async () => {
    const script = 'echo $(id -u):$(id -g); cat'
    const words = ['--bin', 'sh', '--arg', '-c', '--arg', script, '--in', '/data/lines', '--out', '-']
    const { stdout, stderr } = await container(raw, words)
    assert.equal(stdout.split('\n')[0], '1000:1000', stderr)
  })

  fact('a read-only root without any writable folder keeps real pipes', async () => {
    const script = 'readlink /proc/$$/fd/0; touch /tmp/x 2>/dev/null && echo writable; cat'
    const words = ['--bin', 'sh', '--arg', '-c', '--arg', script, '--in', '/data/lines', '--out', '-']
    const { status, stdout, stderr } = await container([...raw, '--read-only', '--read-only-tmpfs=false'], words)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^pipe:\[\d+\]\none\ntwo\n/)
  })

  fact('as the chart runs it: read-only root, no capability, no new privileges', async () => {
    const script = 'grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status; cat'
    const words = ['--bin', 'sh', '--arg', '-c', '--arg', script, '--in', '/data/lines', '--out', '-']
    const { status, stdout, stderr } = await container([...raw, ...restricted], words)
    assert.equal(status, 0, stderr)
    const [effective, bounding, privileges] = stdout.split('\n')
    assert.match(effective ?? '', /^CapEff:\t0+$/)
    assert.match(bounding ?? '', /^CapBnd:\t0+$/)
    assert.equal(privileges, 'NoNewPrivs:\t1')
  })

  fact('the names of the other tools in PATH are the same file', async () => {
    const names = ['pidpiper', 'supervisord', 'supervisorctl', 'echo_supervisord_conf', 'pidproxy']
    const script = `for name in ${names.join(' ')}; do readlink "$(command -v $name)"; done`
    const { stdout, stderr } = await container(['--entrypoint', 'sh'], ['-c', script])
    assert.equal(stdout, '/opt/pidpiper\n'.repeat(names.length), stderr)
  })

  fact('without a shell or any other program, as in distroless images', async () => {
    const words = ['--bin', '/opt/pidpiper', '--arg', '--version', '--in', '/data/lines', '--out', '-']
    const { status, stdout, stderr } = await container(raw, words, 'localhost/bare')
    assert.equal(status, 0, stderr)
    assert.ok(stdout.startsWith(`pidpiper ${version} `), stdout)
    assert.doesNotMatch(stderr, /plain pipes/)
  })

  fact('the image declares its user, port, entrypoint and health check', async () => {
    const { status, stdout, stderr } = await store.podman(['image', 'inspect', image])
    assert.equal(status, 0, stderr)
    const [description] = JSON.parse(stdout) as [{ Config: Record<string, unknown>; Healthcheck: { Test: string[] } }]
    const { User, ExposedPorts, Entrypoint, Cmd, StopSignal, Labels } = description.Config
    assert.deepEqual(
      { User, ExposedPorts, Entrypoint, Cmd, StopSignal },
      {
        User: '1000:1000',
        ExposedPorts: { '8080/tcp': {} },
        Entrypoint: ['/opt/pidpiper'],
        Cmd: undefined,
        StopSignal: undefined,
      },
    )
    assert.deepEqual(description.Healthcheck.Test, ['CMD', '/opt/pidpiper', 'health'])
    const labels = Labels as Record<string, string>
    assert.equal(labels['org.opencontainers.image.version'], version)
    for (const name of ['title', 'description', 'licenses', 'revision', 'base.name']) {
      assert.ok((labels[`org.opencontainers.image.${name}`] ?? '') !== '', name)
    }
  })

  fact('as PID 1 it is healthy while it runs, and SIGTERM ends it with 0', async (t) => {
    const words = [...store.runWords('live'), '--interactive', image, '--bin', 'cat', '--in', '-', '--out', '-']
    const running = store.podman(words, { stdin: 'open' })
    t.after(() => store.podman(['rm', '--force', '--time', '0', 'live']))
    const ask = (): Promise<Outcome> => store.podman(['exec', 'live', '/opt/pidpiper', 'health'])
    const healthy = async (): Promise<boolean> => {
      const { status, stdout, stderr } = await ask()
      if (status !== 0) throw new Error(`${stdout}${stderr}`)
      return true
    }
    await waitFor('a healthy container', healthy, { timeout: 60_000, every: 250 })
    assert.equal((await store.podman(['healthcheck', 'run', 'live'])).status, 0)
    await store.podman(['kill', '--signal', 'TERM', 'live'])
    const { status, stderr } = await running
    assert.equal(status, 0, stderr)
  })

  fact('a pod is replaced under load: nothing is lost, no zombie, exit 0 in time', async (t) => {
    const lacking = [...missingTools('kafka'), ...missingTools('consul')]
    if (lacking.length > 0) t.skip(`Kafka and Consul need ${lacking.join('; ')}`)
    else await replaceUnderLoad(t, (_, pod) => startPodOfImage(t, store, image, pod))
  })

  fact('docs/kubernetes.md leads to an answer, a manifest and a good check, word by word', async (t) => {
    const tools = installTools()
    if (tools !== null) {
      t.skip(tools)
      return
    }
    const { outcome, manifest } = await walkThrough(join(store.folder, 'newcomer'), store.dockerScript())
    const { status, stdout, stderr } = outcome
    assert.equal(status, 0, stderr)
    const answers = '{"sensor": "a", "hot": false}\n{"sensor": "b", "hot": true}\n'
    assert.ok(stdout.startsWith(answers), stdout)
    assert.match(stdout, /INPUT_TOPICS +readings +environment/)
    assert.match(manifest, /^kind: Deployment$/m)
  })

  fact('the manual’s image starts with the words that are printed in the manual', async () => {
    const { stdout } = await store.podman(['image', 'inspect', '--format', '{{json .Config}}', 'localhost/manual'])
    const { Cmd, Entrypoint } = JSON.parse(stdout) as { Cmd: string[]; Entrypoint: string[] }
    assert.deepEqual(Entrypoint, ['/opt/supervisor'])
    assert.deepEqual(Cmd, ['--bin', 'python3', '--args', '/opt/app/io_main.py,/var/model'])
    const model = ['--volume', `${join(data, 'model')}:/var/model:ro`]
    const words = [...Cmd, '--in', '/data/readings', '--out', '-']
    const scored = await container([...raw, ...model], words, 'localhost/manual')
    assert.equal(scored.status, 0, scored.stderr)
    assert.equal(scored.stdout, '{"id": 1, "score": 30.0}\n{"id": 2, "score": 45.0}\n')
    assert.doesNotMatch(scored.stderr, /no model/)
  })
})
