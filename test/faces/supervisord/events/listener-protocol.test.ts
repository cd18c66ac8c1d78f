import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ListenerProtocol } from '../../../../src/faces/supervisord/events/listener-protocol.ts'

/** What these chunks mean to a listener; SENT stands for an event that it was given. */
function facts(...chunks: string[]): string[] {
  const protocol = new ListenerProtocol()
  return chunks.flatMap((chunk) => {
    const found = chunk === 'SENT' ? protocol.sent() : protocol.feed(Buffer.from(chunk))
    return found.map((fact) => (fact.fact === 'changed' ? fact.to : fact.fact))
  })
}

test('one event: READY, RESULT, and ready again', () => {
  assert.deepEqual(facts('READY\n', 'SENT', 'RESULT 2\nOKREADY\n'), [
    'READY',
    'BUSY',
    'processed',
    'ACKNOWLEDGED',
    'READY',
  ])
  assert.deepEqual(facts('READY\n', 'SENT', 'RESULT 4\nFAIL'), ['READY', 'BUSY', 'rejected', 'ACKNOWLEDGED'])
  assert.deepEqual(facts('READY\n', 'SENT', 'RESULT 0\n'), ['READY', 'BUSY', 'rejected', 'ACKNOWLEDGED'])
})

test('an answer may come in any pieces, and be of any length', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60), { maxLength: 8 }), fc.boolean(), (places, isGood) => {
      const result = isGood ? 'OK' : 'x'.repeat(30)
      const text = `RESULT ${result.length}\n${result}READY\n`
      const sorted = [0, ...places.sort((a, b) => a - b), text.length]
      const chunks = sorted.slice(1).map((place, index) => text.slice(sorted[index], place))
      const verdict = isGood ? 'processed' : 'rejected'
      assert.deepEqual(facts('READY\n', 'SENT', ...chunks), ['READY', 'BUSY', verdict, 'ACKNOWLEDGED', 'READY'])
    }),
  )
})

test('whoever breaks the protocol hears no more', () => {
  assert.deepEqual(facts('hello\n'), ['UNKNOWN'])
  assert.deepEqual(facts('READY\n', 'junk', 'READY\n'), ['READY', 'UNKNOWN'])
  assert.deepEqual(facts('READY\n', 'SENT', 'RESULT x\n'), ['READY', 'BUSY', 'bad-line', 'UNKNOWN', 'rejected'])
  assert.deepEqual(facts('READY\n', 'SENT', 'y'.repeat(5000)), ['READY', 'BUSY', 'bad-line', 'UNKNOWN', 'rejected'])
})
