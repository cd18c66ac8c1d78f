import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { LogFile } from '../../src/os/log-file.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

interface NamedPipe {
  readonly path: string
  /** All that was read so far. */
  readonly seen: () => string
  /** Reads what is there, at most so many bytes. */
  readonly read: (bytes?: number) => string
}

function namedPipe(t: TestContext): NamedPipe {
  const path = join(tempDir(t), 'pipe')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  t.after(() => closeSync(fd))
  const buffer = Buffer.alloc(1 << 20)
  let seen = ''
  const read = (bytes = buffer.length): string => {
    try {
      seen += buffer.toString('latin1', 0, readSync(fd, buffer, 0, bytes, null))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
    return seen
  }
  return { path, seen: () => seen, read }
}

interface Log {
  readonly log: LogFile
  readonly problems: (readonly [string | null, number])[]
  isHeld: boolean
}

function open(path: string): Log {
  const problems: (readonly [string | null, number])[] = []
  const opened: Log = {
    log: new LogFile({
      path,
      maxBytes: 0,
      backups: 0,
      problem: (...problem) => problems.push(problem),
      ready: () => void (opened.isHeld = false),
    }),
    problems,
    isHeld: false,
  }
  return opened
}

test('two logs on one pipe with a slow reader: every line arrives whole, and in order', async (t) => {
  const pipe = namedPipe(t)
  const logs = [open(pipe.path), open(pipe.path)]
  t.after(() => logs.forEach(({ log }) => log.close()))
  // Three pages each: of the sixth a pipe of sixteen takes a part.
  const pieces = logs.map((_, index) =>
    Array.from({ length: 40 }, (_, at) => `${index} ${at} ${'x'.repeat(60)}\n`.repeat(150)),
  )
  const left = pieces.map((texts) => [...texts])
  const total = pieces.flat().join('').length
  let turn = 0
  const readAndWrite = (): boolean => {
    const { length } = pipe.read(50_001)
    // By turns, so that one finds room while the other waits.
    const index = turn++ % 2
    const [opened, texts] = [logs[index], left[index]]
    while (opened?.isHeld === false && texts?.[0] !== undefined) {
      opened.isHeld = !opened.log.write(Buffer.from(texts.shift() ?? ''))
    }
    return length === total
  }
  await waitFor('all lines', readAndWrite, { every: 1 })
  const lines = pipe.seen().split(/(?<=\n)/)
  for (const [index, texts] of pieces.entries()) {
    const own = lines.filter((line) => line.startsWith(`${index} `))
    assert.ok(own.join('') === texts.join(''), `${own.length} lines of ${index}`)
  }
  assert.deepEqual(
    logs.map(({ problems }) => problems),
    [[], []],
  )
})

test('an incarnation has said all before the next one speaks', async (t) => {
  const pipe = namedPipe(t)
  const old = open(pipe.path)
  old.log.write(Buffer.alloc(80_000, 'o'))
  old.log.close()
  // The pipe has room again, and the rest of the old one is still on its way.
  pipe.read()
  const next = open(pipe.path)
  t.after(() => next.log.close())
  assert.equal(next.log.write(Buffer.from('new')), false)
  await waitFor('all of it', () => pipe.read().length === 80_003, { every: 1 })
  assert.match(pipe.seen(), /^o{80000}new$/)
})

test('what a slow reader costs is told, when it begins and when it is over', async (t) => {
  const pipe = namedPipe(t)
  const { log, problems } = open(pipe.path)
  const piece = Buffer.alloc(256 * 1024, 'x')
  for (let count = 0; count < 20; count++) log.write(piece)
  log.close()
  assert.deepEqual(problems.at(0), ['its reader is too slow', piece.length])
  // Nobody else pays for it.
  const other = open(pipe.path)
  t.after(() => other.log.close())
  other.log.write(Buffer.from('y'))
  assert.deepEqual(other.problems, [])
  const lost = await waitFor('the end of it', () => pipe.read() !== '' && problems.at(1)?.[1], { every: 1 })
  assert.equal(pipe.read().length + lost, 20 * piece.length + 1)
  assert.deepEqual(problems.slice(1), [[null, lost]])
})

test('dead incarnations do not add up in front of a reader who is stuck', (t) => {
  const pipe = namedPipe(t)
  const problems: (string | null)[] = []
  const problem = (reason: string | null): void => void problems.push(reason)
  const target = { path: pipe.path, maxBytes: 0, backups: 0, problem, ready: () => undefined }
  for (let count = 0; count < 20; count++) {
    const incarnation = new LogFile(target)
    incarnation.write(Buffer.alloc(500_000))
    incarnation.close()
  }
  // Nine waited, with 65,536 bytes less in the first of them.
  assert.deepEqual(problems, Array(11).fill('its reader is too slow'))
})

test('the end of the agent waits for a slow reader', async (t) => {
  const pipe = namedPipe(t)
  const fixture = new URL('../fixtures/os-outlet.ts', import.meta.url).pathname
  const agent = spawn(process.execPath, [fixture, pipe.path, '300000'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => agent.kill('SIGKILL'))
  const exit = once(agent, 'exit')
  await once(agent.stdout, 'data')
  await waitFor('its last words', () => pipe.read().length === 300_000, { every: 1 })
  assert.deepEqual(await exit, [7, null])
})
