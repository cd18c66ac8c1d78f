/** The field's fault names (supervisord, Supvisors) and ours; edges translate them through total maps. */
export type ErrorCode =
  | 'UNKNOWN_METHOD'
  | 'INCORRECT_PARAMETERS'
  | 'BAD_ARGUMENTS'
  | 'SIGNATURE_UNSUPPORTED'
  | 'BAD_NAME'
  | 'BAD_SIGNAL'
  | 'NO_FILE'
  | 'NOT_EXECUTABLE'
  | 'FAILED'
  | 'ABNORMAL_TERMINATION'
  | 'SPAWN_ERROR'
  | 'ALREADY_STARTED'
  | 'NOT_RUNNING'
  | 'SHUTDOWN_STATE'
  | 'ALREADY_ADDED'
  | 'STILL_RUNNING'
  | 'CANT_REREAD'
  | 'BAD_CONFIGURATION'
  | 'BAD_USAGE'
  | 'UNAVAILABLE'

/**
 * The one error class of the agent. `code` says what kind of fault, `subject` what it is about, as a phrase for a
 * person; `cause` keeps the origin.
 */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: ErrorCode
  readonly subject: string

  constructor(code: ErrorCode, subject: string, options?: ErrorOptions) {
    super(`${code}: ${subject}`, options)
    this.code = code
    this.subject = subject
  }
}

/** `ENOENT` and its like, of an error of the system; null for any other. */
export const systemCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

/** `ENOENT` and its like; what carries no code is its own text. */
export const codeOf = (error: unknown): string => systemCode(error) ?? String(error)

/** What an error says, without its name; what is no error is its own text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** For the log, where an error is a bug: where it comes from, else what it says. */
export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
