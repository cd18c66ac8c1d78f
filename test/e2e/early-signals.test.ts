// A platform may end what it has just begun. The agent is held up while it reads its configuration, by a pipe that
// nobody has written to yet, and gets the signal there.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { open, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { childrenOf } from '../fixtures/e2e-proc.ts'
import { pid1 } from '../fixtures/e2e-pid1.ts'
import { startAgent, type AgentOptions, type TestAgent } from '../support/agent.ts'
import { freePort } from '../support/ports.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/** Starts the agent, sends the signal while it reads `pipe`, and then lets it have `content`. */
async function signalled(
  t: TestContext,
  signal: NodeJS.Signals,
  content: string,
  options: (pipe: string) => AgentOptions,
): Promise<TestAgent> {
  const pipe = join(tempDir(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const { under, ...others } = options(pipe)
  const agent = await startAgent(t, { ...others, ...(under && { under }) })
  // Resolves when the agent has opened it, too; an agent that ends before would leave the thread that waits.
  const writer = await Promise.race([open(pipe, 'w'), agent.exit().then(() => null)])
  if (writer === null) {
    await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    assert.fail(`the agent ended before it read its secret: ${agent.stderr}`)
  }
  // Whoever reads it again finds a file.
  await writeFile(`${pipe}.file`, content)
  await rename(`${pipe}.file`, pipe)
  const [pid] = under ? childrenOf(agent.pid).map((child) => child.pid) : [agent.pid]
  assert.ok(pid !== undefined)
  process.kill(pid, signal)
  // Some end before they have read it.
  await writer.writeFile(content).catch((error: unknown) => assert.match(String(error), /EPIPE/))
  await writer.close()
  return agent
}

const withSecret = async (): Promise<(pipe: string) => AgentOptions> => {
  const broker = `127.0.0.1:${await freePort()}`
  return (pipe) => ({
    args: ['--bin', 'cat'],
    env: {
      ...{ NODE_ID: 'e2e', KAFKA_DSN: broker, INPUT_TOPICS: 'in', OUTPUT_TOPIC: 'out' },
      ...{ KAFKA_SASL_USERNAME: 'alice', KAFKA_SASL_PASSWORD_FILE: pipe, LOG_LEVEL: 'debug' },
    },
  })
}

const eventsOf = ({ log }: TestAgent): (string | undefined)[] =>
  log.flatMap(({ event = '' }) => (/^(agent|process)\./.test(event) ? [event] : []))

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} while the configuration is read: an end in order, and nothing is begun`, async (t) => {
    const agent = await signalled(t, signal, 'secret', await withSecret())
    assert.deepEqual(await agent.exit(), { code: 0, signal: null })
    assert.deepEqual(eventsOf(agent), ['agent.signal', 'agent.draining', 'agent.stopped'])
  })
}

test('as PID 1, for which the kernel would drop it', { timeout: 180_000 }, async (t) => {
  const options = await withSecret()
  const agent = await signalled(t, 'SIGTERM', 'secret', (pipe) => ({ ...options(pipe), under: pid1 }))
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  assert.deepEqual(eventsOf(agent), ['agent.signal', 'agent.draining', 'agent.stopped'])
})

test('a wrong configuration is told all the same', { timeout: 180_000 }, async (t) => {
  const agent = await signalled(t, 'SIGTERM', '', await withSecret())
  assert.deepEqual(await agent.exit(), { code: 78, signal: null })
  assert.match(agent.stderr, /KAFKA_SASL_PASSWORD_FILE/)
})

test('SIGHUP finds nothing to be read again, and ends nobody', { timeout: 180_000 }, async (t) => {
  const agent = await signalled(t, 'SIGHUP', 'secret', await withSecret())
  await agent.waitForEvent('agent.started')
  assert.equal(await agent.stop(), 0)
})

test('with a supervisord configuration no program is started', { timeout: 180_000 }, async (t) => {
  const folder = tempDir(t)
  const content = `[supervisord]
nodaemon=true
logfile=${folder}/main.log
pidfile=${folder}/main.pid
[program:one]
command=touch ${folder}/started
`
  const agent = await signalled(t, 'SIGTERM', content, (pipe) => ({ args: ['-c', pipe] }))
  assert.deepEqual(await agent.exit(), { code: 0, signal: null })
  assert.match(agent.stdout, /received an exit request while starting/)
  assert.doesNotMatch(agent.stdout, /spawned/)
})

test('a command that starts nothing ends as any program does', { timeout: 180_000 }, async (t) => {
  const options = await withSecret()
  const agent = await signalled(t, 'SIGTERM', 'secret', (pipe) => ({ env: options(pipe).env ?? {}, args: ['check'] }))
  assert.deepEqual(await agent.exit(), { code: null, signal: 'SIGTERM' })
})

/** Starts a command with a SIGUSR1 that waits for it from its first instruction on. */
const begunWithSigusr1 = [
  ...['python3', '-c'],
  'import os, signal, sys; s = signal.SIGUSR1; signal.pthread_sigmask(signal.SIG_BLOCK, [s]); ' +
    'os.kill(os.getpid(), s); os.execv(sys.argv[1], sys.argv[1:])',
] as const

test(
  'SIGUSR1 opens no debugger in an agent that is just begun, which hears the next one',
  { timeout: 180_000 },
  async (t) => {
    const options = await withSecret()
    const secret = join(tempDir(t), 'secret')
    await writeFile(secret, 'secret')
    const agent = await startAgent(t, { ...options(secret), under: begunWithSigusr1 })
    await agent.waitForEvent('agent.started')
    assert.ok(!eventsOf(agent).includes('agent.state'), 'nothing was there yet to be told')
    agent.signal('SIGUSR1')
    await agent.waitForEvent('agent.state')
    assert.equal(await agent.stop(), 0)
    assert.doesNotMatch(agent.stderr, /Debugger/)
  },
)

test('SIGUSR1 opens no debugger in a command that waits, and does nothing to it', { timeout: 180_000 }, async (t) => {
  const args = ['ctl', '-s', 'unix:///nowhere.sock', '-i']
  const shell = await startAgent(t, { args, stdin: 'pipe', under: begunWithSigusr1 })
  await waitFor('the prompt', () => shell.stdout.includes('supervisor>'))
  shell.signal('SIGUSR1')
  shell.process.stdin?.end('version\nexit\n')
  assert.deepEqual(await shell.exit(), { code: 0, signal: null })
  assert.doesNotMatch(shell.stderr, /Debugger/)
})
