/** A duration or an instant in milliseconds; which clock it belongs to is said where it is used. */
export type Millis = number

/** From here on a year has more than the four digits of RFC 3339. */
export const YEAR_10000: Millis = 253_402_300_800_000
