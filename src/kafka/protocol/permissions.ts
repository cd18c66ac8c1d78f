import type { ResponseReader } from './response-reader.ts'

/** Operations of Kafka's access control, by their numbers in the protocol (Java: AclOperation). */
const operations = { READ: 3, WRITE: 4, CREATE: 5, DESCRIBE: 8 } as const
export type Operation = keyof typeof operations

/** A set of operations, a bit each; null: the broker did not say. */
export type Permitted = number | null

const NOT_TOLD = -(2 ** 31)

/** The set of operations that is next in an answer. */
export const permittedFrom = (from: ResponseReader): Permitted => {
  const bits = from.int32()
  return bits === NOT_TOLD ? null : bits
}

/** True also where the broker did not say. */
export const may = (permitted: Permitted, operation: Operation): boolean =>
  permitted === null || (permitted & (1 << operations[operation])) !== 0
