import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Serial } from '../../src/engine/serial.ts'

test('work begins when what was asked for before has ended, whether well or not', async () => {
  const serial = new Serial()
  const seen: string[] = []
  const first = Promise.withResolvers<string>()
  const answers = [
    serial.run(async () => {
      seen.push('first begins')
      return first.promise
    }),
    serial.run(() => {
      seen.push('second begins')
      return Promise.reject(new Error('no'))
    }),
    serial.run(() => Promise.resolve('third')),
  ]
  const refused = assert.rejects(answers[1] ?? Promise.resolve(), { message: 'no' })
  await Promise.resolve()
  assert.deepEqual(seen, ['first begins'])
  first.resolve('first')
  assert.equal(await answers[0], 'first')
  await refused
  assert.equal(await answers[2], 'third')
  assert.deepEqual(seen, ['first begins', 'second begins'])
})

test('it is settled when everything asked for so far has ended, and does not reject', async () => {
  const serial = new Serial()
  const work = Promise.withResolvers<undefined>()
  const refused = assert.rejects(serial.run(() => work.promise))
  let settled = false
  const waiting = serial.settled().then(() => (settled = true))
  await new Promise(setImmediate)
  assert.equal(settled, false)
  work.reject(new Error('no'))
  await Promise.all([refused, waiting])
  assert.equal(settled, true)
})
