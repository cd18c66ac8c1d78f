// Bytes of a child as text in logs and events, the way supervisord under Python 3 writes them.
import { isUtf8 } from 'node:buffer'

/** The text, or `Undecodable: b'…'` where the bytes are no UTF-8. */
export function textOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return isUtf8(buffer) ? buffer.toString('utf8') : `Undecodable: ${bytesRepr(buffer)}`
}

const escapes = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x5c, '\\\\'],
])

/** As Python's repr writes bytes. */
export function bytesRepr(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'"
  const written = Array.from(bytes, (byte) => {
    const known = escapes.get(byte)
    if (known !== undefined) return known
    const character = String.fromCharCode(byte)
    if (character === quote) return `\\${quote}`
    return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return `b${quote}${written.join('')}${quote}`
}
