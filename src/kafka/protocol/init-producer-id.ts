import type { KafkaRequest } from './request.ts'

/** Names a producer towards the brokers: records carry it, with a sequence number per partition. */
export interface ProducerIdentity {
  readonly id: number
  readonly epoch: number
}

/** `transactionalId`: null for a producer that is idempotent only; then the timeout is of no account. */
export const initProducerId = (
  transactionalId: string | null,
  transactionTimeoutMs = 0,
): KafkaRequest<ProducerIdentity & { readonly error: number }> => ({
  apiKey: 22,
  apiVersion: 1,
  apiName: 'InitProducerId',
  encode: (to) => to.string(transactionalId).int32(transactionTimeoutMs),
  decode: (from) => {
    from.int32()
    return { error: from.int16(), id: from.int64(), epoch: from.int16() }
  },
})
