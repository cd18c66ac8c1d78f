// kafkajs 2.2.4 takes the aborted transactions of a fetch to come in the order in which they began, one per record; a
// broker lists them in the order in which they ended. Where two overlap, kafkajs lets aborted records through. This puts
// a filter in its place that does as Kafka's own consumer; to be imported before kafkajs.
import { createRequire } from 'node:module'

interface Message {
  readonly offset: string
  readonly key: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

interface Fetched {
  readonly messages: readonly Message[]
  readonly abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null
}

const ABORT = Buffer.from([0, 0, 0, 0])

export function committedOnly({ messages, abortedTransactions }: Fetched): readonly Message[] {
  const waiting = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset))
  const open = new Set<string>()
  return messages.filter(({ offset, key, isControlRecord, batchContext: { producerId, inTransaction } }) => {
    while (waiting[0] && Number(waiting[0].firstOffset) <= Number(offset)) open.add(waiting.shift()?.producerId ?? '')
    if (!isControlRecord) return !(inTransaction && open.has(producerId))
    if (key?.equals(ABORT) === true) open.delete(producerId)
    return true
  })
}

const require = createRequire(import.meta.url)
const path = require.resolve('kafkajs/src/consumer/filterAbortedMessages')
require(path)
const loaded = require.cache[path]
if (!loaded) throw new Error('kafkajs has no filter of aborted messages any more')
loaded.exports = committedOnly
