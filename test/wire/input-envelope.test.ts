import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineAt } from '../../src/domain/stream/lines.ts'
import { DATAFRAME_CONTENT_TYPE } from '../../src/wire/dataframe.ts'
import { enveloped, envelopedData } from '../../src/wire/input-envelope.ts'
import { batchOf } from '../domain/stream/batches.ts'

const framesOf = (...args: Parameters<typeof enveloped>): Record<string, unknown>[] => {
  const { lines } = enveloped(...args)
  return Array.from({ length: lines.count }, (_, i) => {
    const text = Buffer.from(lineAt(lines, i)).toString()
    assert.ok(!text.includes('\n'), 'one line')
    return JSON.parse(text) as Record<string, unknown>
  })
}

test('a record is one JSON line with everything that is known of it', () => {
  const headers = [
    ['trace', Buffer.from('t1')],
    ['twice', Buffer.from('a')],
    ['twice', null],
    ['odd', Buffer.from([0xff])],
  ] as const
  const batch = batchOf([Buffer.from('{"v":\n 1}'), Buffer.from('say "hi"\n'), Buffer.from([0xff, 0x0a])], [headers])
  const [first, second, third = {}] = framesOf(batch, true)
  assert.deepEqual(first, {
    id: 'readings-0-100',
    topic: 'readings',
    partition: 0,
    offset: 100,
    key: 'key 0',
    headers: { trace: 't1', twice: ['a', null], odd: { base64: '/w==' } },
    time: '1970-01-01T00:00:01.000Z',
    data: { v: 1 },
  })
  assert.equal(second?.['data'], 'say "hi"\n')
  assert.equal(third['data_base64'], '/wo=')
  assert.equal('data' in third, false)
})

test('our own dataframes become their data, malformed ones are refused, and the rest keeps its place', () => {
  const ours = [['content-type', Buffer.from(DATAFRAME_CONTENT_TYPE)]] as const
  const event = '{"type":"pidpiper.record.v1","datacontenttype":"text/plain","data":"inner"}'
  const batch = batchOf([Buffer.from(event), Buffer.from('{"type"'), Buffer.from('plain')], [ours, ours])
  assert.deepEqual(
    framesOf(batch, true).map(({ data }) => data),
    ['inner', 'plain'],
  )
  const { lines, refused } = enveloped(batch, true)
  assert.deepEqual(refused, [{ index: 1, reason: 'bad-dataframe' }])
  assert.deepEqual([...lines.offsets], [batch.offsets[0], batch.offsets[2]])
  assert.equal(lines.context.timestamp(1), batch.context.timestamp(2))
  assert.deepEqual(
    framesOf(batch, false).map(({ data }) => typeof data),
    ['object', 'string', 'string'],
  )
})

test('the data comes back out of its line, whatever it is and whatever the headers say', () => {
  const values = [
    '{"v":[1,{"data":"x"}]}',
    'say "data": \\ \t',
    '',
    '12',
    Buffer.from([0xff, 0x00, 0x0a]),
    'grüße 🦀',
  ].map((value) => Buffer.from(value))
  const headers = [['"data":', Buffer.from('{"data":1}')]] as const
  const { lines } = enveloped(
    batchOf(
      values,
      values.map(() => headers),
    ),
    true,
  )
  const back = values.map((_, i) => Buffer.from(envelopedData(lineAt(lines, i))).toString('hex'))
  assert.deepEqual(
    back,
    values.map((value) => value.toString('hex')),
  )
})
