import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { agentCommand } from '../support/agent.ts'
import { AnsibleContract, type Wish } from './support/ansible-contract.ts'
import { startOurs } from './support/our-daemon.ts'

const sleeping = (name: string, keys = ''): string =>
  `[program:${name}]\ncommand=sleep 1000\nstartsecs=0\nstopwaitsecs=2\n${keys}`

test("what Ansible's supervisorctl module wishes comes true once, and is no change the second time", async (t) => {
  const { folder } = await startOurs(t, '[include]\nfiles=conf.d/*.conf\n')
  const url = `unix://${join(folder, 'sock')}`
  const ansible = new AnsibleContract([...agentCommand(), 'supervisorctl', '-s', url, '-u', 'user', '-p', '123'])
  const file = join(folder, 'conf.d', 'new.conf')
  const lonely = sleeping('lonely', 'autostart=false')
  writeFileSync(file, `${lonely}\n${sleeping('many', 'numprocs=2\nprocess_name=%(program_name)s_%(process_num)02d')}`)

  const wishes: readonly (readonly [string, Wish, boolean])[] = [
    ['lonely', 'present', true],
    ['lonely', 'present', false],
    ['many:', 'present', true],
    ['many:', 'started', false],
    ['lonely', 'stopped', false],
    ['lonely', 'started', true],
    ['lonely', 'started', false],
    ['lonely', 'signalled', true],
    ['lonely', 'restarted', true],
    ['many:', 'stopped', true],
    ['many:', 'stopped', false],
    ['many:', 'restarted', true],
    ['many:', 'stopped', true],
    ['many:', 'absent', true],
    ['many:', 'absent', false],
  ]
  for (const [name, wish, isChange] of wishes) {
    assert.equal(ansible.converge(name, wish), isChange, `${name} ${wish}`)
  }

  await t.test('a restart puts a changed file into force first', () => {
    writeFileSync(file, lonely.replace('sleep 1000', 'sleep 2000').replace('autostart=false', 'autostart=true'))
    assert.equal(ansible.converge('lonely', 'restarted'), true)
  })
  await t.test('what cannot be is told in words', () => {
    assert.throws(() => ansible.converge('nobody', 'started'), /no such process/)
    assert.throws(() => ansible.converge('lonely', 'absent'), /still running: lonely/)
    writeFileSync(file, `${lonely}\n[program:broken]\ncommand=/no/such/binary\nautostart=false`)
    assert.equal(ansible.converge('broken', 'present'), true)
    assert.throws(() => ansible.converge('broken', 'started'), /broken: ERROR \(no such file\)/)
    rmSync(file)
    assert.throws(() => ansible.converge('gone', 'present'), /no such process\/group: gone/)
  })
})
