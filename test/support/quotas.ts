// Client quotas of a real broker, set as its own tool sets them.
import type { TestContext } from 'node:test'
import { createCluster } from '../../src/kafka/options.ts'
import type { KafkaRequest } from '../../src/kafka/protocol/request.ts'
import { systemClock } from '../../src/os/clock.ts'
import { waitFor } from './wait-for.ts'

export type Quota = 'producer_byte_rate' | 'consumer_byte_rate' | 'request_percentage'

const float64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

/** AlterClientQuotas v0. `limit` null: none any more. */
const alter = (clientId: string, limits: readonly (readonly [Quota, number | null])[]): KafkaRequest<number> => ({
  apiKey: 49,
  apiVersion: 0,
  apiName: 'AlterClientQuotas',
  encode: (to) =>
    to
      .array([clientId], (name) =>
        to
          .array([name], () => to.string('client-id').string(name))
          .array(limits, ([quota, limit]) =>
            to
              .string(quota)
              .raw(float64(limit ?? 0))
              .boolean(limit === null),
          ),
      )
      .boolean(false),
  decode: (from) => {
    from.int32()
    return (
      from.array(() => {
        const error = from.int16()
        from.string()
        from.array(() => [from.string(), from.string()])
        return error
      })[0] ?? -1
    )
  },
})

/** DescribeClientQuotas v0: the quotas that the broker knows for exactly this client id. */
const describe = (clientId: string): KafkaRequest<ReadonlyMap<string, number>> => ({
  apiKey: 48,
  apiVersion: 0,
  apiName: 'DescribeClientQuotas',
  encode: (to) => to.array([clientId], (name) => to.string('client-id').int8(0).string(name)).boolean(true),
  decode: (from) => {
    from.int32()
    const error = from.int16()
    if (error !== 0) throw new Error(`cannot describe quotas of ${clientId}: error ${error}`)
    from.string()
    const found = from.array(() => {
      from.array(() => [from.string(), from.string()])
      return from.array((): [string, number] => [from.string(), from.raw(8).readDoubleBE()])
    })
    return new Map(found.flat())
  },
})

/** Holds for one client id, until the test is over. Resolves when the broker knows it: it answers the change before. */
export async function setQuotas(
  t: TestContext,
  broker: string,
  clientId: string,
  limits: Readonly<Partial<Record<Quota, number>>>,
): Promise<{ lift(): Promise<void> }> {
  const options = { brokers: [broker], clientId: 'test', tls: false, sasl: null } as const
  const cluster = createCluster(options, () => undefined, systemClock)
  const names = Object.keys(limits) as Quota[]
  const set = async (values: readonly (readonly [Quota, number | null])[]): Promise<void> => {
    const error = await cluster.sendToAny(alter(clientId, values))
    if (error !== 0) throw new Error(`cannot alter quotas of ${clientId}: error ${error}`)
  }
  let isSet = true
  const lift = async (): Promise<void> => {
    if (isSet) await set(names.map((name) => [name, null]))
    isSet = false
  }
  t.after(async () => {
    await lift()
    cluster.close()
  })
  await set(names.map((name) => [name, limits[name] ?? null]))
  await waitFor(`quotas of ${clientId}`, async () => {
    const known = await cluster.sendToAny(describe(clientId))
    return names.every((name) => known.get(name) === limits[name])
  })
  return { lift }
}
