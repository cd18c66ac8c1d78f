// `pidpiper doctor` in a pod that came before its run document: a state that is normal, and no problem.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { Finding } from '../../../src/domain/finding.ts'
import { startAgent } from '../../support/agent.ts'

test('a document that is not there yet is waited for; warnings say themselves what to do', async (t) => {
  const consul = createServer((request, response) => {
    const isKey = request.url?.startsWith('/v1/kv/') === true
    response.writeHead(isKey ? 404 : 200, { 'Content-Type': 'application/json', 'X-Consul-Index': '7' })
    const granted = JSON.stringify(Array.from({ length: 20 }, () => ({ Allow: true })))
    response.end(isKey ? '' : request.url?.includes('authorize') === true ? granted : '"127.0.0.1:8300"')
  })
  consul.listen(0, '127.0.0.1')
  await once(consul, 'listening')
  t.after(() => consul.close())
  const { port } = consul.address() as AddressInfo
  const doctor = await startAgent(t, {
    args: ['doctor', '--json', '--in', '/dev/null', '--out', '/dev/null'],
    env: { NODE_ID: 'ws', CONSUL_DSN: `127.0.0.1:${port}`, POD_IP: '127.0.0.1', KAFKA_BROKER: 'k:9092' },
  })
  const { code } = await doctor.exit()
  const { findings } = JSON.parse(doctor.stdout) as { findings: Finding[] }
  assert.equal(code, 0, doctor.stdout)
  const of = (check: string): Finding | undefined => findings.find((finding) => finding.check === check)
  assert.equal(of('consul.document')?.verdict, 'warning')
  assert.deepEqual(
    [of('calculator.start')?.verdict, of('calculator.start')?.seen],
    ['ok', 'not looked at: the run document will name the program'],
  )
  const misspelt = of('configuration.warning')
  assert.match(misspelt?.seen ?? '', /^KAFKA_BROKER is not known and has no effect: use KAFKA_DSN$/)
  assert.equal(misspelt?.cure, '')
})
