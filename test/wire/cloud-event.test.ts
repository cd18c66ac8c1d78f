import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Headers } from '../../src/domain/stream/line-batch.ts'
import { unwrap } from '../../src/wire/cloud-event.ts'

const header = (value: string, name = 'content-type'): Headers => [[name, Buffer.from(value)]]
const CLOUD_EVENT = header('application/cloudevents+json; charset=UTF-8')

function unwrapped(text: string, headers = CLOUD_EVENT): string | null {
  const data = unwrap(Buffer.from(text), headers)
  return data instanceof Uint8Array ? `=${Buffer.from(data).toString()}` : data
}

test('only a header of that content type makes a value a dataframe', () => {
  const event = '{"type":"pidpiper.record.v1","data":{"a":1}}'
  for (const headers of [
    header('application/cloudevents+json'),
    header('Application/CloudEvents+JSON;charset=utf-8'),
    header('application/cloudevents+json', 'Content-Type'),
    [['trace', null], ['content-type', null], ...CLOUD_EVENT] as Headers,
  ]) {
    assert.equal(unwrapped(event, headers), '={"a":1}')
  }
  for (const headers of [
    [],
    header('application/json'),
    header('application/cloudevents-batch+json'),
    header('application/cloudevents+jso'),
    header('application/cloudevents\u000bjson'),
    header('application/cloudevents+json', 'content_type'),
    [['content-type', null]] as Headers,
  ]) {
    assert.equal(unwrapped(event, headers), null)
    assert.equal(unwrapped('not even JSON', headers), null)
  }
})

test('events of a foreign type, or of none, stay as they are', () => {
  for (const event of [
    '{"type":"com.example.order","data":1}',
    '{"type":"pidpiper.record.v10","data":1}',
    '{"type":"pidpiper.record.v","data":1}',
    '{"type":7,"data":1}',
    '{"data":{"type":"pidpiper.record.v1","data":1}}',
    '{"data":"\\"type\\":\\"pidpiper.record.v1\\""}',
    '{}',
    ' { } ',
  ]) {
    assert.equal(unwrapped(event), null, event)
  }
})

test('data is found wherever it stands and however the members are written', () => {
  const type = '"type":"pidpiper.record.v1"'
  assert.equal(unwrapped(`{"data":"a\\nb\\u00e9",${type}}`), '=a\nbé')
  assert.equal(unwrapped(`{${type},"datacontenttype":"text/plain","data":""}`), '=')
  assert.equal(unwrapped(`{"x":{"data":1},${type},"data":[1, 2 ],"y":[{"data":3}]}`), '=[1, 2 ]')
  assert.equal(unwrapped(`{${type},"data": 1.50 , "z":0}`), '= 1.50 ')
  assert.equal(unwrapped('\n{ "t\\u0079pe" : "pid\\u0070iper.record.v1" ,\n"d\\u0061ta" : "x" }\n'), '=x')
  assert.equal(unwrapped(`{${type},"data_base64":"aGk="}`), '=hi')
  assert.equal(unwrapped(`{${type},"data_base64":"\\/\\/8="}`), `=${Buffer.from([0xff, 0xff]).toString()}`)
  assert.equal(unwrapped(`{${type},"data":null}`), '=null')
})

test('a string is its own bytes where the content type says JSON, else what it stands for', () => {
  const event = (contentType: string): string =>
    `{"type":"pidpiper.record.v1","datacontenttype":${contentType},"data":"a\\tb"}`
  for (const json of [
    '"application/json"',
    '"APPLICATION/JSON; charset=utf-8"',
    '"application\\/vnd.x+json"',
    '"text/json ;a"',
  ]) {
    assert.equal(unwrapped(event(json)), '="a\\tb"', json)
  }
  for (const other of ['"text/plain"', '"text/plain;x=/json"', '"application/json5"', '"jsonx"', 'null', '5']) {
    assert.equal(unwrapped(event(other)), '=a\tb', other)
  }
})

test('malformed events are broken', () => {
  const type = '"type":"pidpiper.record.v1"'
  for (const event of [
    '',
    ' ',
    'x',
    '[]',
    '"a"',
    '{',
    `{${type}`,
    `{${type},`,
    `{${type},}`,
    `{${type} "data":1}`,
    `{${type},"data"}`,
    `{${type},"data":}`,
    `{${type},"data":1`,
    `{${type},"data":1}}`,
    `{${type},"data":1},`,
    `{${type},"data":tru}`,
    `{"type":"com.example.order","data":tru}`,
    `{${type}}`,
    `{${type},"data":"a","data_base64":"aGk="}`,
    `{${type},"data_base64":7}`,
    `{${type},"data_base64":"aGk"}`,
    `{${type},"data_base64":"a%k="}`,
  ]) {
    assert.equal(unwrapped(event), 'broken', event)
  }
  assert.equal(unwrap(Buffer.from([...Buffer.from(`{${type},"data":"`), 0xff, 0x22, 0x7d]), CLOUD_EVENT), 'broken')
})

test('agrees with JSON.parse on what is an object, whatever byte is changed', () => {
  const event = '{"specversion":"1.0","type":"pidpiper.record.v1","data":{"a":["\\u0041",1]},"x":"é"}'
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 255 }), (where, byte) => {
      const bytes = Buffer.from(event)
      bytes[where % bytes.length] = byte
      let object: unknown = null
      try {
        object = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
      } catch {
        // Not JSON: stays null.
      }
      const result = unwrap(bytes, CLOUD_EVENT)
      if (object === null) {
        assert.equal(result, 'broken')
      } else {
        const { type, data } = object as { type?: unknown; data?: unknown }
        if (type !== 'pidpiper.record.v1') assert.equal(result, null)
        else if (data === undefined) assert.equal(result, 'broken')
        else assert.deepEqual(JSON.parse(Buffer.from(result ?? '').toString()), data)
      }
    }),
    { numRuns: 5000 },
  )
})
