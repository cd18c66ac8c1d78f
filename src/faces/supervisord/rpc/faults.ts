// The agent's errors as XML-RPC faults: the one place where codes become numbers.
import { AgentError, type ErrorCode } from '../../../domain/errors.ts'

/** supervisord: xmlrpc.Faults. What supervisord has no number for is a FAILED. */
export const faultNumber = {
  UNKNOWN_METHOD: 1,
  INCORRECT_PARAMETERS: 2,
  BAD_ARGUMENTS: 3,
  SIGNATURE_UNSUPPORTED: 4,
  SHUTDOWN_STATE: 6,
  BAD_NAME: 10,
  BAD_SIGNAL: 11,
  NO_FILE: 20,
  NOT_EXECUTABLE: 21,
  FAILED: 30,
  ABNORMAL_TERMINATION: 40,
  SPAWN_ERROR: 50,
  ALREADY_STARTED: 60,
  NOT_RUNNING: 70,
  ALREADY_ADDED: 90,
  STILL_RUNNING: 91,
  CANT_REREAD: 92,
  BAD_CONFIGURATION: 30,
  BAD_USAGE: 30,
  UNAVAILABLE: 30,
} as const satisfies Record<ErrorCode, number>

/** The status of a success, which stands only in results for many processes. */
export const SUCCESS = 80

export interface Fault {
  readonly code: number
  /** `NAME`, or `NAME: detail`. */
  readonly text: string
}

// supervisord gives these without a detail.
const bare: readonly ErrorCode[] = ['UNKNOWN_METHOD', 'BAD_ARGUMENTS', 'SIGNATURE_UNSUPPORTED', 'SHUTDOWN_STATE']

// And these with what was asked for, be it nothing.
const naming: readonly ErrorCode[] = ['BAD_NAME', 'BAD_SIGNAL']

/** What an error is on the wire. */
export function faultOf({ code, subject }: AgentError): Fault {
  const number = faultNumber[code]
  const name = number === faultNumber.FAILED ? 'FAILED' : code
  const isBare = bare.includes(code) || (subject === '' && !naming.includes(code))
  return { code: number, text: isBare ? name : `${name}: ${subject}` }
}

/** A fault to raise; without a detail its text is the bare name. */
export const fault = (code: ErrorCode, detail = ''): AgentError => new AgentError(code, detail)
