import type { IncomingMessage } from 'node:http'

/** The status to answer where a body cannot be had: 411 without a length, 413 beyond the limit, 400 cut off. */
export type NoBody = 400 | 411 | 413

/** The body, with a Content-Length or chunked; at most `limit` bytes are ever held. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | NoBody> {
  const length = request.headers['content-length']
  if (length === undefined && request.headers['transfer-encoding'] === undefined) return 411
  if (Number(length ?? 0) > limit) return 413
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) return 413
      chunks.push(chunk)
    }
  } catch {
    // The connection broke; nobody waits for the answer.
    return 400
  }
  return Buffer.concat(chunks)
}
