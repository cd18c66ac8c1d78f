import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineMemory, examineProcesses } from '../../../src/agent/doctor/machine.ts'
import { fakeMachine } from '../../config/fake-machine.ts'

const MIB = 2 ** 20
const within = (limit: string): ReturnType<typeof fakeMachine> =>
  fakeMachine({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': `${limit}\n` })

test('buffers against the memory of the container', () => {
  const verdict = (limit: number, buffer: number): string =>
    examineMemory(buffer * MIB, within(String(limit * MIB))).verdict
  assert.equal(verdict(512, 64), 'ok')
  assert.equal(verdict(512, 300), 'warning')
  assert.equal(verdict(512, 450), 'problem')
  assert.equal(verdict(128, 64), 'problem')
  assert.equal(examineMemory(64 * MIB, within('max')).verdict, 'ok')
})

test('few processes left in the container', () => {
  const machine = (max: string, current: string): ReturnType<typeof fakeMachine> =>
    fakeMachine({
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/pids.max': `${max}\n`,
      '/sys/fs/cgroup/pids.current': `${current}\n`,
    })
  assert.equal(examineProcesses(machine('100', '90')).verdict, 'warning')
  assert.equal(examineProcesses(machine('1000', '90')).verdict, 'ok')
  assert.equal(examineProcesses(machine('max', '90')).verdict, 'ok')
})
