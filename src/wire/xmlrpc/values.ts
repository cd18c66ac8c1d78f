/** Local time without a zone, as XML-RPC writes it: `20261126T14:45:10`. */
export class XmlRpcDateTime {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * What XML-RPC can say. An integer within 32 bits travels as int, any other number as double; bytes travel as base64;
 * null is the extension `nil`.
 */
export type XmlRpcValue =
  null | boolean | number | string | Uint8Array | XmlRpcDateTime | readonly XmlRpcValue[] | XmlRpcStruct

export interface XmlRpcStruct {
  readonly [member: string]: XmlRpcValue
}

/** Neither a list nor one of the scalars that are objects here. */
export const isStruct = (value: XmlRpcValue): value is XmlRpcStruct =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof XmlRpcDateTime)

export interface XmlRpcCall {
  readonly method: string
  readonly params: readonly XmlRpcValue[]
}

export type XmlRpcResponse =
  | { readonly kind: 'result'; readonly value: XmlRpcValue }
  | { readonly kind: 'fault'; readonly code: number; readonly text: string }
