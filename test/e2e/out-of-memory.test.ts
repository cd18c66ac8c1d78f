// The kernel kills the Calculator in a control group of its own size: told by name, counted, restarted, nothing lost.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { noLag, startStream, streamTopics, valuesOf } from '../fixtures/e2e-stream.ts'
import { TestKafka } from '../support/kafka.ts'
import { multiset, same } from '../support/records.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

const LIMIT = 500 * 2 ** 20

/** Takes more memory than there is at the first record, and at no other: the file says that it did. */
const greedy = `
import os, sys
for line in sys.stdin:
    if not os.path.exists(sys.argv[1]):
        open(sys.argv[1], 'w').close()
        hoard = bytearray(b'x') * (2 * ${LIMIT})
    sys.stdout.write(line)
    sys.stdout.flush()
`

/** A control group with a memory limit, of version 1 or 2; null where none can be made. */
function controlGroup(): string | null {
  const own = readFileSync('/proc/self/cgroup', 'latin1')
  const places = [
    {
      folder: `/sys/fs/cgroup/memory${/:memory:(.*)/.exec(own)?.[1] ?? ''}`,
      limit: 'memory.limit_in_bytes',
      swap: 'memory.memsw.limit_in_bytes',
    },
    { folder: `/sys/fs/cgroup${/^0::(.*)/m.exec(own)?.[1] ?? ''}`, limit: 'memory.max', swap: 'memory.swap.max' },
  ]
  for (const { folder, limit, swap } of places) {
    const group = join(folder, `pidpiper-test-${process.pid}`)
    try {
      mkdirSync(group)
    } catch {
      continue // Not root, not there, or read-only.
    }
    if (!existsSync(join(group, limit))) {
      rmdirSync(group)
      continue
    }
    writeFileSync(join(group, limit), String(LIMIT))
    if (existsSync(join(group, swap)))
      writeFileSync(join(group, swap), swap === 'memory.swap.max' ? '0' : String(LIMIT))
    return group
  }
  return null
}

test(
  'an out-of-memory kill is named and counted, and the record is answered after it',
  { timeout: 180_000 },
  async (t) => {
    const group = controlGroup()
    if (group === null) {
      t.skip('no control group can be made here: needs root and a writable cgroup with the memory controller')
      return
    }
    const kafka = new TestKafka(t)
    const { input, output, group: consumers } = await streamTopics(kafka)
    const values = Array.from({ length: 200 }, (_, index) => `value ${index}`)
    await kafka.produce(
      input,
      values.map((value) => ({ value })),
    )
    const agent = await startStream(t, kafka, {
      ...{ input, output, group: consumers },
      calculator: ['python3', '-c', greedy, join(tempDir(t), 'done')],
      env: { PROTOCOL: 'one-to-one' },
      under: ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'],
    })
    // The kernel takes a moment to see its processes off.
    t.after(() => waitFor('the end of the group', () => (rmdirSync(group), true)))
    const told = await agent.waitForEvent('stream.out-of-memory')
    assert.deepEqual([told.level, told['process']], ['error', 'calculator'])
    assert.match(told.msg ?? '', /the kernel killed the Calculator for lack of memory/)
    await noLag(kafka, consumers, input)
    const { streams, processes } = await agent.status()
    assert.deepEqual([streams[0]?.counters.outOfMemory, processes[0]?.restarts, processes[0]?.state], [1, 1, 'RUNNING'])
    assert.equal(await agent.stop(), 0)
    same(await valuesOf(kafka, output), multiset(values.map((value) => Buffer.from(value))))
    assert.deepEqual(streams[0]?.counters.deadLetters, {})
  },
)
