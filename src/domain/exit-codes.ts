/**
 * How the program ends where no child's code is passed on, as sysexits.h numbers it. `--help` and the documents name
 * these numbers. The faces of other tools end with the numbers of those.
 */
export const exitCodes = {
  /** What was asked for was looked at, or done, and something is wrong. */
  failed: 1,
  /** EX_USAGE: the command line. */
  usage: 64,
  /** EX_UNAVAILABLE: a service, port or file that is needed. */
  unavailable: 69,
  /** EX_SOFTWARE: a bug. */
  bug: 70,
  /** EX_PROTOCOL: the Calculator did not keep to the protocol that it is run with. */
  brokenProtocol: 76,
  /** EX_CONFIG: the configuration. */
  badConfiguration: 78,
  /** A program could not be started at all: the shell's code for it. */
  notStarted: 127,
} as const
