import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { KafkaCluster } from '../../../src/kafka/cluster.ts'
import type { BrokerConnection } from '../../../src/kafka/connection.ts'
import { PartitionQueue, partOf } from '../../../src/kafka/produce/partition-queue.ts'
import { LeaderSender, type SenderHooks } from '../../../src/kafka/produce/leader-sender.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { clusterFor, Lines } from '../rig.ts'
import { batchOf } from '../values.ts'

/** Its connections open, or do not, when the test says so. */
class ScriptedCluster extends KafkaCluster {
  readonly opening: PromiseWithResolvers<BrokerConnection>[] = []

  constructor() {
    const security = (): { ssl: null; sasl: null } => ({ ssl: null, sasl: null })
    super({ brokers: [], clientId: 'test', security, log: () => undefined, clock: new FakeClock() })
  }

  override connect(): Promise<BrokerConnection> {
    const opening = Promise.withResolvers<BrokerConnection>()
    this.opening.push(opening)
    return opening.promise
  }
}

interface Sending {
  readonly sender: LeaderSender
  readonly cluster: ScriptedCluster
  readonly queues: Set<PartitionQueue>
  /** In the order in which they were told. */
  readonly failed: (readonly [PartitionQueue, unknown])[]
}

function sending(over: Partial<SenderHooks> = {}): Sending {
  const cluster = new ScriptedCluster()
  const queues = new Set<PartitionQueue>()
  const failed: (readonly [PartitionQueue, unknown])[] = []
  const sender = new LeaderSender({
    node: 1,
    cluster,
    encode: () => Promise.resolve(new Uint8Array(1)),
    transactionalId: null,
    identity: () => Promise.resolve({ id: 1, epoch: 0 }),
    due: () => [...queues].filter(({ due }) => due),
    answered: () => undefined,
    failed(queue, error) {
      queue.stalled = true
      failed.push([queue, error])
    },
    ...over,
  })
  return { sender, cluster, queues, failed }
}

/** To the real broker; closed after the test. */
async function openConnection(t: TestContext): Promise<BrokerConnection> {
  const cluster = clusterFor(new Lines())
  t.after(() => cluster.close())
  const { brokers } = await cluster.metadata([])
  return cluster.connect(brokers[0]?.node ?? -1)
}

/** With one record. */
function queueWith(reject: (error: Error) => void = () => undefined): PartitionQueue {
  const queue = new PartitionQueue({ topic: 't', partition: 0 })
  const write = { batch: batchOf(0, [{ value: 'x' }]), refusals: [], left: 1, resolve: () => undefined, reject }
  queue.push(partOf(write, 0, 1))
  return queue
}

test('who becomes due while a connection is opened is told as well that it cannot be', async () => {
  const { sender, cluster, queues, failed } = sending()
  const [old, next] = [queueWith(), queueWith()]
  queues.add(old)
  sender.wake()
  // Given up with its transaction: what comes next has a queue of its own.
  old.clear()
  queues.clear()
  queues.add(next)
  sender.wake()
  const refused = new Error('connection refused')
  cluster.opening[0]?.reject(refused)
  await sender.rested()
  assert.deepEqual(failed.at(-1), [next, refused])
  assert.equal(cluster.opening.length, 1)
})

test('a batch that cannot be encoded does not keep the cure of another from its queue', async (t) => {
  const encoding = Promise.withResolvers<Uint8Array>()
  const begun = Promise.withResolvers<undefined>()
  const { sender, cluster, queues, failed } = sending({
    encode() {
      begun.resolve(undefined)
      return encoding.promise
    },
  })
  const rejected: Error[] = []
  const queue = queueWith((error) => rejected.push(error))
  queues.add(queue)
  sender.wake()
  cluster.opening[0]?.resolve(await openConnection(t))
  await begun.promise
  // An earlier batch of it comes back with an error: as the producer does, nothing is begun while this one is made.
  queue.stalled = true
  assert.ok(queue.onWire)
  const reason = new RangeError('cannot encode')
  encoding.reject(reason)
  await sender.rested()
  assert.deepEqual(rejected, [reason])
  assert.deepEqual(failed, [[queue, null]])
  assert.equal(queue.onWire, false)
})
