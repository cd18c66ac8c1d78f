import { isUtf8 } from 'node:buffer'

/** Bytes as a member of a JSON object: their text, or base64 where they are no UTF-8. */
export type ShownBytes = string | { readonly base64: string }

/** As they are to be seen in JSON. */
export function shownBytes(bytes: Uint8Array): ShownBytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') }
}
