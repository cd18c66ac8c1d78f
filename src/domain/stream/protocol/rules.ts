import type { Protocol } from '../settings.ts'
import { ackedSink } from './acked-sink.ts'
import { batch } from './batch.ts'
import { keyed } from './keyed.ts'
import { many } from './many.ts'
import { oneToOne } from './one-to-one.ts'
import type { ProtocolRules } from './protocol.ts'
import { relay } from './relay.ts'
import { sink } from './sink.ts'
import { source } from './source.ts'

/** The rules of each protocol. */
export const protocolRules: Readonly<Record<Protocol, ProtocolRules>> = {
  relay,
  'one-to-one': oneToOne,
  keyed,
  many,
  sink,
  source,
  batch,
}

/** `acks`: the Calculator acknowledges what it keeps, so that a sink's records are done one by one. */
export const rulesOf = (protocol: Protocol, acks: boolean): ProtocolRules =>
  acks && protocol === 'sink' ? ackedSink : protocolRules[protocol]

/** Answers that are records of the output, to records of the input: what transactions bind together. */
export const isTransactional = (protocol: Protocol): boolean =>
  protocolRules[protocol].settles !== 'never' && protocolRules[protocol].stdout === 'records'
