import type { Millis } from '../../domain/time.ts'
import type { RequestWriter } from './request-writer.ts'
import type { ResponseReader } from './response-reader.ts'

/** One Kafka request in one version, and how to read its answer. */
export interface KafkaRequest<T> {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  /** A version with compact strings and tagged fields. The header's own tags are no business of encode and decode. */
  readonly flexible?: boolean
  /** How long the broker may take before the connection counts as broken; default 30 s. */
  readonly timeoutMs?: Millis
  encode(to: RequestWriter): void
  decode(from: ResponseReader): T
  /** Milliseconds for which the broker's quota asks to send nothing. */
  throttleMs?(answer: T): Millis
}

/** The versions a broker speaks, by API key. */
export type ApiVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

/** What every connection asks first. */
export const apiVersions: KafkaRequest<{ readonly error: number; readonly versions: ApiVersions }> = {
  apiKey: 18,
  apiVersion: 2,
  apiName: 'ApiVersions',
  encode: () => undefined,
  decode: (from) => {
    const error = from.int16()
    const list = from.array(() => [from.int16(), { minVersion: from.int16(), maxVersion: from.int16() }] as const)
    return { error, versions: Object.fromEntries(list) }
  },
}
