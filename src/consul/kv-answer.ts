// What Consul answers to the question for one key. npm consul's own reading ends the process at an entry that is null, and
// takes whatever any other server says for a key that is not there.
import type { ConsulAnswer } from './calls.ts'
import { isRecord } from './errors.ts'

export interface KvAnswer {
  /** X-Consul-Index, for the next blocking query. */
  readonly index: number
  /** Null: the key is not there. */
  readonly entry: { readonly text: string; readonly modifyIndex: number } | null
}

/** The answer, or what in it is none of Consul's. A value that is not UTF-8 shows as U+FFFD. */
export function kvAnswer({ status, headers, body }: ConsulAnswer): KvAnswer | string {
  const index = Number(headers['x-consul-index'] ?? Number.NaN)
  if (!Number.isSafeInteger(index) || index < 0) return 'it has no X-Consul-Index'
  if (status === 404) return { index, entry: null }
  const [found] = Array.isArray(body) ? (body as readonly unknown[]) : []
  if (!isRecord(found)) return 'its body is no list of entries'
  const { Value: value, ModifyIndex: modifyIndex } = found
  if (typeof modifyIndex !== 'number') return 'its entry has no ModifyIndex'
  // Of an empty value Consul says null.
  if (value !== null && typeof value !== 'string') return 'its entry has no Value in base64'
  return { index, entry: { text: Buffer.from(value ?? '', 'base64').toString(), modifyIndex } }
}
