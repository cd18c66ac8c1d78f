import type { ProtocolRules } from './protocol.ts'

/** Any number of lines for any number of records: nothing is assumed, and a checkpoint settles everything at once. */
export const relay: ProtocolRules = {
  settles: 'checkpoint',
  stdout: 'records',
  envelope: false,
  matched: false,
  ordered: false,
  reader: null,
  cure: '',
}
