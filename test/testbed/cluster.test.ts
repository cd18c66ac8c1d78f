// The three-broker mode of the recipe: what tests of leader changes rest on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { ownCluster } from '../support/own-kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { needsKafka } from './address.ts'

test(
  'three brokers: a killed leader is replaced, takes part again, and nothing acknowledged is gone',
  { ...needsKafka, timeout: 480_000 },
  async (t) => {
    const cluster = await ownCluster(t)
    await cluster.start()
    const brokers = cluster.brokers.split(',')
    const kafka = new Kafka({ brokers, connectionTimeout: 30_000, logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    t.after(() => Promise.all([admin.disconnect(), producer.disconnect()]))
    await Promise.all([admin.connect(), producer.connect()])
    await admin.createTopics({ topics: [{ topic: 'records' }], waitForLeaders: false })
    const partition = async (): Promise<{ leader: number; isr: number[] }> => {
      const [found] = (await admin.fetchTopicMetadata({ topics: ['records'] })).topics[0]?.partitions ?? []
      assert.ok(found)
      return found
    }
    const send = (value: string): Promise<unknown> =>
      producer.send({ topic: 'records', acks: -1, messages: [{ value }] })

    await waitFor('three replicas in sync', async () => (await partition()).isr.length === 3, { timeout: 60_000 })
    await send('before')
    const { leader } = await partition()
    await cluster.node(leader).kill()
    await waitFor('another leader', async () => ![leader, -1].includes((await partition()).leader), { timeout: 60_000 })
    await send('while it is away')
    await cluster.node(leader).start()
    await waitFor('it is in sync again', async () => (await partition()).isr.includes(leader), { timeout: 60_000 })
    const [offsets] = await admin.fetchTopicOffsets('records')
    assert.ok(Number(offsets?.high) >= 2)
  },
)
