import assert from 'node:assert/strict'
import { createHash, randomFillSync } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'
import { nativeLibc, outputOf, programSpec, startChild } from './start-child.ts'

const script = (dir: string, name: string, text: string, mode = 0o755): string => {
  const file = path.join(dir, name)
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

for (const libc of [nativeLibc(), null]) {
  const kind = libc === null ? 'sockets' : 'real pipes'

  test(`50 MB come back from cat byte for byte (${kind})`, async (t: TestContext) => {
    const child = startChild(t, ['cat'], { libc })
    const sent = createHash('sha256')
    const received = createHash('sha256')
    const ended = new Promise<void>((resolve) => {
      child.stdout.listen({ data: (chunk) => void received.update(chunk), end: resolve })
    })
    for (let i = 0; i < 50; i += 1) {
      const block = randomFillSync(Buffer.alloc(1_000_000))
      sent.update(block)
      await child.stdin.write(block)
    }
    child.stdin.end()
    await ended
    assert.equal(received.digest('hex'), sent.digest('hex'))
    assert.deepEqual(await child.exit, { code: 0, signal: null })
  })

  test(`a write to a child that died rejects (${kind})`, async (t: TestContext) => {
    const child = startChild(t, ['sh', '-c', 'read line; exit 3'], { libc })
    const large = Buffer.alloc(8_000_000, 'x\n')
    await assert.rejects(child.stdin.write(large))
    assert.deepEqual(await child.exit, { code: 3, signal: null })
    await assert.rejects(child.stdin.write(Buffer.from('x')))
    assert.equal(child.stdin.unread(), null)
  })

  test(`chunks are the receiver's to keep, a pause holds them back (${kind})`, async (t: TestContext) => {
    const child = startChild(t, ['seq', '1', '300000'], { libc })
    const chunks: Uint8Array[] = []
    const first = Promise.withResolvers<undefined>()
    const ended = new Promise<void>((resolve) => {
      child.stdout.listen({
        data(chunk) {
          chunks.push(chunk)
          if (chunks.length === 1) {
            child.stdout.pause()
            first.resolve(undefined)
          }
        },
        end: resolve,
      })
    })
    await first.promise
    if (libc !== null) await waitFor('the pipe fills', () => (child.stdout.unread() ?? 0) > 500_000)
    assert.equal(chunks.length, 1)
    child.stdout.resume()
    await ended
    const expected = Array.from({ length: 300_000 }, (_, index) => `${index + 1}\n`).join('')
    assert.equal(Buffer.concat(chunks).toString(), expected)
  })

  test(`stdout that was given up tells no end (${kind})`, async (t: TestContext) => {
    const child = startChild(t, ['sh', '-c', 'sleep 60 & echo up; exit 0'], { libc })
    let ended = false
    const up = new Promise<void>((resolve) => {
      child.stdout.listen({ data: () => resolve(), end: () => (ended = true) })
    })
    await up
    await child.exit
    child.stdout.destroy()
    child.stdout.destroy()
    child.spawner.kill(child.pid, 'SIGKILL', true)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    assert.equal(ended, false)
  })
}

test('a program may open /dev/stdin', async (t: TestContext) => {
  const child = startChild(t, ['cat', '/dev/stdin'])
  await child.stdin.write(Buffer.from('one\ntwo\n'))
  child.stdin.end()
  assert.equal((await child.output()).toString(), 'one\ntwo\n')
})

test('what a child does not read stays pending and is counted', async (t: TestContext) => {
  const child = startChild(t, ['sleep', '60'])
  assert.equal(child.stdin.unread(), 0)
  await child.stdin.write(Buffer.alloc(1000))
  assert.equal(child.stdin.unread(), 1000)
  let settled = false
  const write = child.stdin.write(Buffer.alloc(4_000_000)).finally(() => (settled = true))
  const rejected = assert.rejects(write)
  await waitFor('the pipe is full', () => (child.stdin.unread() ?? 0) >= 65_536)
  await new Promise(setImmediate)
  assert.equal(settled, false)
  child.spawner.kill(child.pid, 'SIGKILL', true)
  await rejected
})

test('what a child left unread is known after the end of its input and after its death', async (t: TestContext) => {
  const lazy = startChild(t, ['sh', '-c', 'read line; exit 0'])
  await lazy.stdin.write(Buffer.from('read\nleft\n'))
  lazy.stdin.end()
  await lazy.exit
  // A shell reads its input byte by byte: it took one line and left the other.
  assert.equal(lazy.stdin.unread(), 'left\n'.length)

  const thorough = startChild(t, ['cat'])
  await thorough.stdin.write(Buffer.from('all\n'))
  thorough.stdin.end()
  await thorough.output()
  await thorough.exit
  assert.equal(thorough.stdin.unread(), 0)

  const killed = startChild(t, ['sleep', '60'])
  await killed.stdin.write(Buffer.from('never read\n'))
  killed.spawner.kill(killed.pid, 'SIGKILL', true)
  await killed.exit
  assert.equal(killed.stdin.unread(), 'never read\n'.length)
})

test('that a child closed its stdin is known without a write, and not of one that reads, or has others that do', async (t: TestContext) => {
  const reading = startChild(t, ['cat'])
  const heir = startChild(t, ['sh', '-c', 'exec 3<&0 0<&-; cat <&3 3<&- & exec 3<&-; wait'])
  const deaf = startChild(t, ['sh', '-c', 'exec 0<&-; exec sleep 60'])
  await waitFor('it is closed', () => deaf.stdin.closed?.() === true)
  assert.deepEqual([reading.stdin.closed?.(), heir.stdin.closed?.()], [false, false])
  reading.stdin.end()
  await reading.exit
  assert.equal(reading.stdin.closed?.(), false, 'what has ended tells nothing more')
})

test('a pending write is given up with its child, even if a survivor holds the pipe', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'sleep 60 <&0 & exit 0'])
  await assert.rejects(child.stdin.write(Buffer.alloc(4_000_000)))
  assert.deepEqual(await child.exit, { code: 0, signal: null })
})

test('exit codes and signals are told once each', async (t: TestContext) => {
  assert.deepEqual(await startChild(t, ['sh', '-c', 'exit 42']).exit, { code: 42, signal: null })
  const child = startChild(t, ['sleep', '60'])
  child.spawner.kill(child.pid, 'SIGTERM', false)
  assert.deepEqual(await child.exit, { code: null, signal: 'SIGTERM' })
  child.spawner.kill(child.pid, 'SIGTERM', false)
  child.spawner.kill(child.pid, 'SIGTERM', true)
})

test('a signal to the group reaches grandchildren, one to the child does not', async (t: TestContext) => {
  const child = startChild(t, ['sh', '-c', 'sleep 60 & echo $!; wait'])
  const line = await new Promise<string>((resolve) => {
    child.stdout.listen({ data: (chunk) => resolve(Buffer.from(chunk).toString()), end: () => undefined })
  })
  const grandchild = Number(line)
  child.spawner.kill(child.pid, 'SIGTERM', false)
  await child.exit
  assert.ok(!['Z', null].includes(stateOf(grandchild)), 'the grandchild outlives its parent')
  child.spawner.kill(child.pid, 'SIGKILL', true)
  await waitFor('the grandchild is dead', () => ['Z', null].includes(stateOf(grandchild)))
})

const ownUmask = (): string => /Umask:\s(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? ''

function stateOf(pid: number): string | null {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? null
  } catch {
    return null
  }
}

test('a signal never goes to a set of foreign processes', (t: TestContext) => {
  const { spawner, pid } = startChild(t, ['sleep', '60'])
  for (const target of [-1, 0, 1, Number.NaN]) {
    for (const group of [true, false]) assert.throws(() => spawner.kill(target, 'SIGCONT', group), AgentError)
  }
  assert.throws(() => spawner.kill(pid, 'SIGNONE', false), { code: 'BAD_SIGNAL' })
})

test('the environment is exactly the one of the spec', async (t: TestContext) => {
  const exact = { NODE_OPTIONS: '--max-old-space-size=64', ODD: 'a=b\nc', PATH: '/usr/bin:/bin' }
  const output = await outputOf(t, ['/usr/bin/env', '-0'], { environment: exact })
  const seen = Object.fromEntries(
    output
      .split('\0')
      .filter(Boolean)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
  delete seen['NODE_V8_COVERAGE'] // Node adds it to every child of a run that measures coverage
  assert.deepEqual(seen, exact)
})

test('folder, umask, argv, descriptors and signal dispositions of a child', async (t: TestContext) => {
  const dir = tempDir(t)
  const own = ownUmask()
  const output = await outputOf(
    t,
    [
      'sh',
      '-c',
      // No pipeline: for a moment the shell has its descriptors, too.
      'pwd; umask; echo "$0" "$1"; ls -m /proc/$$/fd; grep SigIgn /proc/self/status',
      'a',
      'b c',
    ],
    { directory: dir, umask: 0o027 },
  )
  assert.match(output, new RegExp(`^${dir}\n0027\na b c\n0, 1, 2\nSigIgn:\\s0000000000000000\n$`))
  assert.equal(ownUmask(), own)
})

test('argv[0] is the word of the command, not the file found', async (t: TestContext) => {
  assert.equal(await outputOf(t, ['cat', '/proc/self/cmdline']), 'cat\0/proc/self/cmdline\0')
})

test('commands are looked up in the PATH of the child, then in ours', async (t: TestContext) => {
  const dir = tempDir(t)
  mkdirSync(path.join(dir, 'a', 'tool'), { recursive: true })
  mkdirSync(path.join(dir, 'b'))
  script(path.join(dir, 'b'), 'tool', '#!/bin/sh\necho found "$0"\n')
  const search = { PATH: `${dir}/none:${dir}/a:${dir}/b:/usr/bin:/bin` }
  assert.equal(await outputOf(t, ['tool'], { environment: search }), `found ${dir}/b/tool\n`)
  assert.equal(await outputOf(t, ['echo', 'hi'], { environment: {} }), 'hi\n')
  assert.equal(await outputOf(t, ['./tool'], { environment: search, directory: path.join(dir, 'b') }), 'found ./tool\n')
})

test('starts that fail tell why, as supervisord does', (t: TestContext) => {
  const dir = tempDir(t)
  const noInterpreter = script(dir, 'no-interpreter', '#!/no/such/interpreter\n')
  const plain = script(dir, 'plain', 'text', 0o644)
  symlinkSync('loop', path.join(dir, 'loop'))
  const spawner = new NodeSpawner({ libc: nativeLibc(), onStderrLine: () => undefined })
  const before = readdirSync('/proc/self/fd').length
  const refuse = (command: readonly string[], code: string, subject: string, directory?: string): void =>
    assert.throws(
      () =>
        spawner.spawn(programSpec(command, directory === undefined ? {} : { directory }), () => assert.fail('exit')),
      { name: 'AgentError', code, subject },
    )
  refuse(['/no/such/binary'], 'NO_FILE', "can't find command '/no/such/binary'")
  refuse(['no-such-binary'], 'NO_FILE', "can't find command 'no-such-binary'")
  refuse(["it's"], 'NO_FILE', 'can\'t find command "it\'s"')
  refuse([`${dir}/loop`], 'NO_FILE', `can't find command '${dir}/loop'`)
  refuse([`${plain}/below`], 'NO_FILE', `can't find command '${plain}/below'`)
  refuse([dir], 'NOT_EXECUTABLE', `command at '${dir}' is a directory`)
  refuse([plain], 'NOT_EXECUTABLE', `command at '${plain}' is not executable`)
  refuse([], 'SPAWN_ERROR', 'command is empty')
  refuse(['cat'], 'SPAWN_ERROR', "couldn't chdir to /nope: ENOENT", '/nope')
  refuse([noInterpreter], 'SPAWN_ERROR', `couldn't exec ${noInterpreter}: ENOENT`)
  refuse(['echo', 'x'.repeat(3_000_000)], 'SPAWN_ERROR', "couldn't exec echo: E2BIG")
  refuse(['echo', 'a\0b'], 'SPAWN_ERROR', "couldn't exec echo: ERR_INVALID_ARG_VALUE")
  assert.equal(readdirSync('/proc/self/fd').length, before, 'no descriptor is left open')
})

test('a failed start with plain pipes tells why, too', () => {
  const spawner = new NodeSpawner({ libc: null, onStderrLine: () => undefined })
  assert.throws(() => spawner.spawn(programSpec(['echo', 'x'.repeat(3_000_000)]), () => assert.fail('exit')), {
    code: 'SPAWN_ERROR',
    subject: "couldn't exec echo: E2BIG",
  })
})

test('a pipe that cannot be opened is a start that failed', () => {
  const refuse = (): never => {
    throw Object.assign(new Error('pipe2: EMFILE'), { code: 'EMFILE' })
  }
  const spawner = new NodeSpawner({ libc: { ...nativeLibc(), pipe: refuse }, onStderrLine: () => undefined })
  assert.throws(() => spawner.spawn(programSpec(['cat']), () => assert.fail('exit')), {
    code: 'SPAWN_ERROR',
    subject: "too many open files to spawn 'calculator'",
  })
})

test('children leave no descriptor behind', async (t: TestContext) => {
  const count = (): number => readdirSync('/proc/self/fd').length
  await startChild(t, ['true']).output()
  const before = await waitFor('quiet', count)
  for (let i = 0; i < 20; i += 1) {
    const child = startChild(t, ['sh', '-c', 'echo out; echo err >&2'])
    await Promise.all([child.output(), child.exit])
  }
  await waitFor('as many descriptors as before', () => count() <= before)
})
