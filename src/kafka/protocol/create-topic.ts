import type { Millis } from '../../domain/time.ts'
import type { KafkaRequest } from './request.ts'

const TIMEOUT: Millis = 15_000

/**
 * To be sent to the controller. Partitions and replicas of -1 are the broker's own defaults (Kafka 2.4).
 * `onlyTry`: the answer is as if, and nothing is made.
 */
export const createTopic = (
  topic: string,
  partitions: number,
  replicas: number,
  onlyTry: boolean,
): KafkaRequest<{ readonly error: number; readonly detail: string | null }> => ({
  apiKey: 19,
  apiVersion: 4,
  apiName: 'CreateTopics',
  encode: (to) => {
    to.array([topic], (name) => to.string(name).int32(partitions).int16(replicas).int32(0).int32(0))
    to.int32(TIMEOUT).boolean(onlyTry)
  },
  decode: (from) => {
    from.int32()
    const [made] = from.array(() => {
      from.string()
      return { error: from.int16(), detail: from.nullableString() }
    })
    return made ?? { error: -1, detail: null }
  },
})
