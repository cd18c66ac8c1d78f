/** A duration or an instant in milliseconds; which clock it belongs to is said where it is used. */
export type Millis = number
