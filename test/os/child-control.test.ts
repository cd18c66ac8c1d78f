import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitFor } from '../support/wait-for.ts'
import { nativeLibc, startChild } from './start-child.ts'

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
