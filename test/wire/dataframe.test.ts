import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Lines } from '../../src/domain/stream/lines.ts'
import { unwrap } from '../../src/wire/cloud-event.ts'
import {
  DATAFRAME_CONTENT_TYPE,
  DataframeEncoder,
  type DataframeStamp,
  type EncodedLines,
} from '../../src/wire/dataframe.ts'
import { isJson } from '../../src/domain/stream/json-text.ts'

const source = '/bdz-wsp-7/agent-0'
const relay: DataframeStamp = {
  idPrefix: 'agent-0-1760000000000-',
  number: (i) => 41 + i,
  ordinal: null,
  time: () => 1_760_000_000_123,
}
const HEADERS = [['content-type', Buffer.from(DATAFRAME_CONTENT_TYPE)]] as const

function linesOf(lines: readonly Uint8Array[]): Lines {
  let end = 0
  return {
    bytes: Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
    ends: Uint32Array.from(lines, (line) => (end += line.length + 1)),
    count: lines.length,
  }
}

const valuesOf = ({ bytes, starts, ends, count }: EncodedLines): Buffer[] => {
  assert.deepEqual([starts.length, ends.length], [count, count])
  return Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(starts[i], ends[i])))
}

const encode = (json: boolean, lines: readonly Uint8Array[], stamp = relay): EncodedLines =>
  new DataframeEncoder({ source, json }).encode(linesOf(lines), stamp)

test('a line becomes a CloudEvent with the fields in their order', () => {
  assert.deepEqual(valuesOf(encode(false, [Buffer.from('say "hi"\r'), Buffer.from('')])).map(String), [
    '{"specversion":"1.0","id":"agent-0-1760000000000-41","source":"/bdz-wsp-7/agent-0","type":"pidpiper.record.v1",' +
      '"time":"2025-10-09T08:53:20.123Z","datacontenttype":"text/plain","data":"say \\"hi\\"\\r"}',
    '{"specversion":"1.0","id":"agent-0-1760000000000-42","source":"/bdz-wsp-7/agent-0","type":"pidpiper.record.v1",' +
      '"time":"2025-10-09T08:53:20.123Z","datacontenttype":"text/plain","data":""}',
  ])
})

test('a line that is not UTF-8 travels as base64, its neighbours as text', () => {
  const [first, second] = valuesOf(encode(false, [Buffer.from([0x61, 0xff]), Buffer.from('é')])).map(String)
  assert.match(first ?? '', /"datacontenttype":"application\/octet-stream","data_base64":"Yf8="}$/)
  assert.match(second ?? '', /"datacontenttype":"text\/plain","data":"é"}$/)
})

test('json: own bytes embedded, what is no JSON rejected, numbers and indices stay those of the lines', () => {
  const lines = ['{"a": 1.0}', 'oops', '', ' [1e2]\r', '"x'].map((line) => Buffer.from(line))
  const encoded = encode(true, lines)
  assert.deepEqual(encoded.rejected, [1, 2, 4])
  assert.deepEqual([...(encoded.lines ?? [])], [0, 3])
  const values = valuesOf(encoded).map(String)
  assert.match(values[0] ?? '', /-41","source".*"datacontenttype":"application\/json","data":\{"a": 1.0}}$/)
  assert.match(values[1] ?? '', /-44","source".*"datacontenttype":"application\/json","data": \[1e2]\r}$/)
})

test('time is written as toISOString does, and left out where RFC 3339 has none', () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 253_402_300_799_999 }), fc.integer({ min: 0, max: 3e8 }))
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 5 }), (times) => {
      const lines = times.map(() => Buffer.from('x'))
      const values = valuesOf(encode(false, lines, { ...relay, time: (i) => times[i] ?? 0 }))
      values.forEach((value, i) => {
        const { time } = JSON.parse(value.toString()) as { time: string }
        assert.equal(time, new Date(times[i] ?? 0).toISOString())
      })
    }),
  )
  for (const none of [-1, 253_402_300_800_000, 2 ** 63, NaN, -Infinity]) {
    for (const json of [false, true]) {
      const [value] = valuesOf(encode(json, [Buffer.from('1')], { ...relay, time: () => none }))
      const event = JSON.parse(String(value)) as Record<string, unknown>
      assert.deepEqual(Object.keys(event), ['specversion', 'id', 'source', 'type', 'datacontenttype', 'data'])
    }
  }
})

test('odd names in id and source stay JSON, numbers are whole up to the largest offset', () => {
  const encoder = new DataframeEncoder({ source: '/a"b/é\\', json: false })
  for (const number of [0, 9, 10, 99, 100, 4_294_967_296, Number.MAX_SAFE_INTEGER]) {
    const encoded = encoder.encode(linesOf([Buffer.from('x')]), {
      idPrefix: 'x"\n-',
      ordinal: null,
      number: () => number,
      time: () => 0,
    })
    const event = JSON.parse(String(valuesOf(encoded)[0])) as Record<string, unknown>
    assert.equal(event['id'], `x"\n-${number}`)
    assert.equal(event['source'], '/a"b/é\\')
    assert.equal(event['time'], '1970-01-01T00:00:00.000Z')
  }
})

test('one encoder serves batch after batch without touching earlier ones', () => {
  const encoder = new DataframeEncoder({ source, json: false })
  const first = encoder.encode(linesOf([Buffer.from('one')]), relay)
  const before = valuesOf(first).map(String)
  encoder.encode(linesOf([Buffer.from('two')]), { ...relay, time: () => 5 })
  assert.deepEqual(valuesOf(first).map(String), before)
})

const line = fc
  .oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
    fc.tuple(fc.json(), fc.constantFrom(' ', '\t', '\r', '')).map(([text, blank]) => Buffer.from(blank + text + blank)),
    fc.constantFrom('null', '"text"', '"\\u00e9"', '0', '\0').map((text) => Buffer.from(text)),
  )
  .map((bytes) => bytes.filter((byte) => byte !== 0x0a))

for (const json of [false, true]) {
  test(`round trip: what was encoded unwraps to the same bytes (OUTPUT_JSON=${json})`, () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
        const encoded = encode(json, lines)
        const kept = json ? lines.filter((bytes) => isJson(bytes, 0, bytes.length)) : lines
        const values = valuesOf(encoded)
        for (const value of values) JSON.parse(value.toString())
        const back = values.map((value) => unwrap(value, HEADERS))
        assert.deepEqual(
          back.map((bytes) => (bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : bytes)),
          kept.map((bytes) => Buffer.from(bytes).toString('hex')),
        )
        assert.equal(encoded.rejected.length, lines.length - kept.length)
      }),
      { numRuns: 2000 },
    )
  })
}
