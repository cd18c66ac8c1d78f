import type { ProtocolRules } from './protocol.ts'

/** The Calculator keeps what it makes: its stdout is log, and a checkpoint settles what it was given. */
export const sink: ProtocolRules = {
  settles: 'checkpoint',
  stdout: 'log',
  envelope: false,
  matched: false,
  ordered: false,
  reader: null,
  cure: '',
}
