import type { ProtocolRules } from './protocol.ts'

/** One run of the Calculator is one batch: records to the end of its input, any lines, exit 0 when all is done. */
export const batch: ProtocolRules = {
  settles: 'exit',
  stdout: 'records',
  envelope: false,
  matched: false,
  ordered: false,
  reader: null,
  cure: '',
}
