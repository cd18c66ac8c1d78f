import type { ProtocolRules } from './protocol.ts'

/** The Calculator reads nothing: its lines are records, and there is nothing to commit. */
export const source: ProtocolRules = {
  settles: 'never',
  stdout: 'records',
  envelope: false,
  matched: false,
  ordered: false,
  reader: null,
  cure: '',
}
