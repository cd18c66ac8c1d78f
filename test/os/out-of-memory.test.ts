import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outOfMemoryKills } from '../../src/os/out-of-memory.ts'

const kills = (files: Readonly<Record<string, string>>): number | null =>
  outOfMemoryKills((path) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
    return text
  })

test('the own group counts before the root, in both versions', () => {
  const v2 = {
    '/sys/fs/cgroup/memory.events': 'oom 9\noom_kill 9\n',
    '/sys/fs/cgroup/a/b/memory.events': 'oom 3\noom_kill 2\n',
  }
  assert.equal(kills({ ...v2, '/proc/self/cgroup': '0::/a/b\n' }), 2)
  const v1 = { '/sys/fs/cgroup/memory/x/memory.oom_control': 'under_oom 0\noom_kill 4\n' }
  assert.equal(kills({ ...v1, '/proc/self/cgroup': '4:cpu,memory:/x\n0::/\n' }), 4)
})

test('in a container whose path is not mounted the root is the container’s', () => {
  const own = '7:memory:/docker/4711\n0::/docker/4711\n'
  assert.equal(kills({ '/proc/self/cgroup': own, '/sys/fs/cgroup/memory/memory.oom_control': 'oom_kill 1\n' }), 1)
  assert.equal(kills({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.events': 'oom_kill 5\n' }), 5)
})

test('where nothing is to be seen, nothing is known', () => {
  assert.equal(kills({}), null)
  assert.equal(
    kills({ '/sys/fs/cgroup/memory.events': 'oom 1\noom_group_kill 2\n', '/proc/self/cgroup': 'junk' }),
    null,
  )
})
