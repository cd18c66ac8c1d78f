// Client quotas of a real broker, set as its own tool sets them.
import type { TestContext } from 'node:test'
import { createCluster } from '../../src/kafka/options.ts'
import type { KafkaRequest } from '../../src/kafka/protocol/request.ts'
import { systemClock } from '../../src/os/clock.ts'

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

/** Holds for one client id, until the test is over. */
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
  return { lift }
}
