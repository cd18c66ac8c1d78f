import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Headers } from '../../../src/domain/stream/line-batch.ts'
import { AnswerContext } from '../../../src/engine/stream/answer-context.ts'
import { batchOf } from '../../domain/stream/batches.ts'

const text = (value: string): Uint8Array => Buffer.from(value)
const trace: Headers[number] = ['traceparent', text('00-1')]
const csv: Headers[number] = ['Content-Type', text('text/csv')]
const event: Headers[number] = ['content-type', text('Application/CloudEvents+JSON; charset=UTF-8')]

const carried = (headers: Headers, own: Headers): Headers =>
  new AnswerContext(batchOf([text('value')], [headers]), 0, null, 1, own).headers(0)

test('raw answers keep the content type of their record', () => {
  assert.deepEqual(carried([trace, csv], []), [trace, csv])
})

test('raw answers lose the content type of an envelope that was taken off', () => {
  assert.deepEqual(carried([event, trace], []), [trace])
})

test('a content type of the answer itself takes the place of the record’s', () => {
  const own: Headers = [['content-type', text('application/json')]]
  assert.deepEqual(carried([csv, trace], own), [trace, ...own])
  assert.deepEqual(carried([event, trace], own), [trace, ...own])
})
