import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { openNotifySocket } from '../../src/os/notify-socket.ts'
import { NodeSpawner } from '../../src/os/spawn.ts'
import { waitFor } from '../support/wait-for.ts'
import { nativeLibc, outputOf, programSpec, startChild } from './start-child.ts'

const control = { control: { notify: false } } as const

for (const libc of [nativeLibc(), null]) {
  const kind = libc === null ? 'sockets' : 'real pipes'

  test(`lines on descriptor 3 arrive in their order, also the last words (${kind})`, async (t) => {
    const child = startChild(t, ['sh', '-c', 'echo one >&3; echo two >&3; read x; printf three >&3'], {
      libc,
      ...control,
    })
    const lines: string[] = []
    child.control?.listen((line) => lines.push(line))
    await waitFor('two lines', () => lines.length === 2)
    child.stdin.end()
    await child.exit
    if (libc === null) assert.deepEqual(lines.slice(0, 2), ['one', 'two'])
    else assert.deepEqual(lines, ['one', 'two', 'three'])
  })
}

test('what was said before a line was printed is told before that line', async (t) => {
  const script = 'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i >&3; echo $i; done'
  const child = startChild(t, ['sh', '-c', script], control)
  let said = 0
  let printed = 0
  child.control?.listen((line) => (said = Number(line)))
  await new Promise<void>((resolve) => {
    child.stdout.listen({
      data(chunk) {
        child.control?.catchUp()
        printed += Buffer.from(chunk).toString().split('\n').length - 1
        assert.ok(said >= printed, `${printed} were printed, ${said} were said before`)
      },
      end: resolve,
    })
  })
  assert.deepEqual([said, printed], [300, 300])
})

test('a flood and a line without end are bounded', async (t) => {
  const child = startChild(
    t,
    ['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x >&3; echo >&3; echo ok >&3'],
    control,
  )
  const lines: (readonly [length: number, cut: boolean])[] = []
  child.control?.listen((line, cut) => lines.push([line.length, cut]))
  await child.exit
  assert.deepEqual(lines, [
    [65_536, true],
    [2, false],
  ])
})

test('a survivor that holds the channel is not heard any more', async (t) => {
  const child = startChild(t, ['sh', '-c', 'sleep 60 & echo up >&3; exit 0'], control)
  const lines: string[] = []
  child.control?.listen((line) => lines.push(line))
  await child.exit
  assert.deepEqual(lines, ['up'])
})

test('nobody has a descriptor 3 unless it is asked for', async (t) => {
  const child = startChild(t, ['sh', '-c', 'ls /proc/self/fd'])
  child.stdin.end()
  assert.equal(child.control, undefined)
  assert.equal((await child.output()).toString().includes('4'), false)
})

const notifying = { control: { notify: true } } as const

/** Sends each argument as a datagram to NOTIFY_SOCKET, as sd_notify(3) does. */
const notify = [
  'python3',
  '-c',
  `import os, socket, sys
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for text in sys.argv[1:]: to.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
sys.stdin.read()`,
] as const

test('sd_notify says the same, until the last datagram, and its socket goes with the child', async (t) => {
  const child = startChild(t, [...notify, 'STATUS=loading\nWATCHDOG=1', 'X=1\nREADY=1', 'STOPPING=1'], notifying)
  const lines: string[] = []
  child.control?.listen((line) => lines.push(line))
  // The kernel shows it a moment after the exec that ends the spawn.
  const socket = await waitFor('its environment', () => {
    const environment = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0')
    return environment.find((pair) => pair.startsWith('NOTIFY_SOCKET='))?.slice('NOTIFY_SOCKET='.length)
  })
  assert.equal(statSync(path.dirname(socket)).mode & 0o777, 0o700)
  const expected = [
    '{"type":"state","text":"loading"}',
    ...['heartbeat', 'ready', 'stopping'].map((type) => `{"type":"${type}"}`),
  ]
  await waitFor('all of them', () => lines.length === expected.length)
  assert.deepEqual(lines, expected)
  child.stdin.end()
  await child.exit
  assert.equal(existsSync(path.dirname(socket)), false)
})

test('a datagram that a child sent just before its death is told', async (t) => {
  const child = startChild(t, [...notify, 'STATUS=last words'], notifying)
  child.stdin.end()
  const lines: string[] = []
  child.control?.listen((line) => lines.push(line))
  await child.exit
  assert.deepEqual(lines, ['{"type":"state","text":"last words"}'])
})

test('sockets for sd_notify leave no descriptor behind, and the failure to make one names who asked', async (t) => {
  const count = (): number => readdirSync('/proc/self/fd').length
  await outputOf(t, ['true'], notifying)
  const before = count()
  for (let i = 0; i < 5; i++) await outputOf(t, ['true'], notifying)
  await waitFor('the same number of descriptors', () => count() <= before)
  assert.throws(() => openNotifySocket(nativeLibc(), ['/nowhere', '/proc']), /CHILD_CONTROL=notify.*\/nowhere.*\/proc/)
  const plain = new NodeSpawner({ libc: null, onStderrLine: () => undefined })
  assert.throws(() => plain.spawn(programSpec(['true'], notifying), () => undefined), /CHILD_CONTROL=notify/)
})
