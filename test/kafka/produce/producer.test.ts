// What becomes of writes whose record batch is being made when something else happens.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Refusal } from '../../../src/domain/stream/value-batch.ts'
import { Producer } from '../../../src/kafka/produce/producer.ts'
import { recordEncoder, type RecordEncoder } from '../../../src/kafka/produce/record-encoder.ts'
import type { WritingTransaction } from '../../../src/kafka/produce/writing-transaction.ts'
import { TestKafka } from '../../support/kafka.ts'
import { waitFor } from '../../support/wait-for.ts'
import { clock, clusterFor, Lines } from '../rig.ts'
import { batchOf } from '../values.ts'

interface World {
  readonly broker: TestKafka
  readonly topic: string
  readonly producer: Producer
  readonly lines: Lines
  readonly write: (value: string) => Promise<readonly Refusal[]>
  readonly stored: () => Promise<(string | undefined)[]>
}

async function world(
  t: TestContext,
  own: { readonly encode: RecordEncoder; readonly transaction?: WritingTransaction },
): Promise<World> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1)
  const lines = new Lines()
  const producer = new Producer({ cluster: clusterFor(lines), topic, clock, log: lines.log, ...own })
  t.after(() => producer.close())
  return {
    ...{ broker, topic, producer, lines },
    write: (value) => producer.write({ topic, partition: 0 }, batchOf(0, [{ value }])),
    stored: async () => (await broker.readTopic(topic)).map(({ value }) => value?.toString()),
  }
}

test('a batch that cannot be made costs its own records alone: the sequence goes on without a gap', async (t) => {
  const real = recordEncoder('none')
  const bad = new RangeError('cannot encode')
  let isBad = false
  const { write, stored, lines } = await world(t, {
    encode: (...words) => (isBad ? Promise.reject(bad) : real(...words)),
  })
  await write('one')
  isBad = true
  await assert.rejects(write('two'), bad)
  isBad = false
  await write('three')
  assert.deepEqual(await stored(), ['one', 'three'])
  assert.deepEqual(lines.of('kafka.producer-renewed'), [])
})

/** An encoder that is at work until told. */
function slow(): { readonly encode: RecordEncoder; readonly isAtWork: () => boolean; readonly goOn: () => void } {
  const real = recordEncoder('none')
  const held = Promise.withResolvers<undefined>()
  let isAtWork = false
  return {
    encode: async (...words) => {
      isAtWork = true
      await held.promise
      return real(...words)
    },
    isAtWork: () => isAtWork,
    goOn: () => held.resolve(undefined),
  }
}

test('closed while a batch is made, its writes are rejected as all others are', async (t) => {
  const { encode, isAtWork, goOn } = slow()
  const { write, producer } = await world(t, { encode })
  const one = assert.rejects(write('one'), { code: 'SHUTDOWN_STATE' })
  await waitFor('the encoder', isAtWork)
  producer.close()
  goOn()
  await one
})

test('given up while a batch is made, its writes are rejected, and it is not sent', async (t) => {
  const { encode, isAtWork, goOn } = slow()
  let discard = (): Promise<void> => assert.fail('the producer did not join')
  const transaction: WritingTransaction = {
    transactionalId: 'unused',
    admit: () => Promise.resolve({ id: 1, epoch: 0 }),
    refused: (error) => assert.fail(String(error)),
    join(given) {
      discard = given
      return () => undefined
    },
  }
  const { write, stored } = await world(t, { encode, transaction })
  const one = assert.rejects(write('one'), { code: 'FAILED' })
  await waitFor('the encoder', isAtWork)
  const discarded = discard()
  goOn()
  await Promise.all([one, discarded])
  assert.deepEqual(await stored(), [])
})
