import fc from 'fast-check'
import { XmlRpcDateTime, type XmlRpcValue } from '../../../src/wire/xmlrpc/values.ts'

/** Text that XML can carry. */
export const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((raw) => raw.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '?'))

const name = fc.oneof(text, fc.constantFrom('', '__proto__', 'constructor', 'name', 'a b'))
const number = fc.oneof(fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }))
const dateTime = fc
  .date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => new XmlRpcDateTime(date.toISOString().slice(0, 19).replaceAll('-', '')))

/** Any value, nested up to `depth`. */
export const values = fc.letrec<{ value: XmlRpcValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0),
    text,
    number,
    fc.uint8Array({ maxLength: 100 }),
    dateTime,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(name, tie('value')), { maxLength: 4 })
      .map((members) => Object.fromEntries(members) as XmlRpcValue),
  ),
})).value
