// What a leader answers after an unclean election, said by the test in the broker's place.
import assert from 'node:assert/strict'
import { RequestWriter } from '../../src/kafka/protocol/request-writer.ts'
import { ResponseReader } from '../../src/kafka/protocol/response-reader.ts'
import type { Proxied, Proxy } from './proxy.ts'

export const FETCH = 1
const FIRST_BY_ID = 13

/** A Fetch request for one partition. */
export interface Asked {
  readonly apiVersion: number
  /** Its id in hexadecimal, or its name. */
  readonly topic: string
  readonly offset: number
  readonly fetchedEpoch: number
}

/** Versions 12 and 13. */
export function asked({ apiVersion, frame }: Proxied): Asked {
  assert.ok(apiVersion === 12 || apiVersion === 13, `Fetch ${apiVersion}`)
  const from = new ResponseReader(frame.subarray(12))
  from.string()
  from.skipTags()
  from.raw(4 * 4 + 1 + 2 * 4)
  const [topics] = from.compactArray(() => {
    const topic = apiVersion >= FIRST_BY_ID ? from.uuid() : from.compactString()
    return from.compactArray(() => {
      from.raw(2 * 4)
      return { apiVersion, topic, offset: from.int64(), fetchedEpoch: from.int32() }
    })
  })
  return topics?.[0] ?? assert.fail('a fetch of nothing')
}

/** Partition 0 has diverged, as the leader says beside other tagged fields. */
export function diverged({ apiVersion, topic }: Asked, epoch: number, endOffset: number): Buffer {
  const to = new RequestWriter()
  to.noTags().int32(0).int16(0).int32(0)
  to.compactArray([topic], () =>
    (apiVersion >= FIRST_BY_ID ? to.raw(Buffer.from(topic, 'hex')) : to.compactString(topic)).compactArray(
      [0],
      (partition) => {
        to.int32(partition).int16(0).int64(5).int64(5).int64(0)
        to.compactArray([], () => undefined)
          .int32(-1)
          .varuint(1)
        to.varuint(2).varuint(0).varuint(13).int32(epoch).int64(endOffset).noTags()
        to.varuint(1).varuint(9).int32(1).int32(epoch).noTags()
      },
    ),
  )
  to.noTags().noTags()
  return Buffer.concat(to.pieces())
}

/** The next question is answered so. Resolves with it. */
export function cut(proxy: Proxy, endOffset: number, epoch = 0): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>()
  const { instead } = proxy
  proxy.instead = (request) => {
    if (request.apiKey !== FETCH) return instead(request)
    proxy.instead = instead
    const question = asked(request)
    resolve(question)
    return diverged(question, epoch, endOffset)
  }
  return promise
}
