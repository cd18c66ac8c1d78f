import type { Millis } from '../../domain/time.ts'
import type { KafkaRequest } from '../protocol/request.ts'

const TIMEOUT: Millis = 20_000

/** Deletes everything before `offset` in a partition that the asked broker leads. */
export const deleteRecords = (
  topic: string,
  partition: number,
  offset: number,
): KafkaRequest<{ readonly throttleMs: Millis; readonly error: number }> => ({
  apiKey: 21,
  apiVersion: 1,
  apiName: 'DeleteRecords',
  encode: (to) =>
    to
      .array([topic], (name) => to.string(name).array([partition], (each) => to.int32(each).int64(offset)))
      .int32(TIMEOUT),
  decode: (from) => {
    const throttleMs = from.int32()
    const errors = from
      .array(() => {
        from.string()
        return from.array(() => {
          from.int32()
          from.int64()
          return from.int16()
        })
      })
      .flat()
    return { throttleMs, error: errors.find((error) => error !== 0) ?? 0 }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})
