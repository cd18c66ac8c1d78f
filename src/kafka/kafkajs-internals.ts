// The only file that touches the insides of kafkajs 2.2.4 (pinned: it is frozen, and has no `exports` map). Taken from
// it: sockets, TLS, SASL with re-authentication, framing of responses, quota throttling, names of error codes.
import { connect } from 'node:net'
import type { ISocketFactory, KafkaConfig, logCreator } from 'kafkajs'
import kafkaJsErrors from 'kafkajs/src/errors.js'
import loggers from 'kafkajs/src/loggers/index.js'
import Connection from 'kafkajs/src/network/connection.js'
import createSocketFactory from 'kafkajs/src/network/socketFactory.js'
import protocolErrors from 'kafkajs/src/protocol/error.js'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import type { BufferPool } from '../wire/buffer-pool.ts'
import { FrameAssembler } from './frame-assembler.ts'

export interface SocketOptions {
  readonly host: string
  readonly port: number
  readonly clientId: string
  readonly ssl: KafkaConfig['ssl'] | null
  readonly sasl: KafkaConfig['sasl'] | null
  readonly connectionTimeout: Millis
  readonly logCreator: logCreator
  readonly clock: Clock
  /** Memory of large answers. */
  readonly pool: BufferPool
  /** Default: kafkajs's own, TCP or TLS. */
  readonly socketFactory?: ISocketFactory
}

/** What one read of a socket may bring: it is copied out at once, so that one buffer serves all reads. */
const READ_BYTES = 256 * 1024
/**
 * A session that ends within this time is renewed before the next request: a request must not meet its end. Of a short
 * one it is the half: a broker refuses a second login within a second of the first (KafkaChannel,
 * MIN_REAUTH_INTERVAL_ONE_SECOND_NANOS), and a token may be near its end when a connection is opened.
 */
const REAUTHENTICATE_BEFORE: Millis = 10_000
/** Timeouts are the caller's: kafkajs would look at every request ten times a second. */
const NEVER: Millis = 2 ** 31 - 1

/** A connection of kafkajs whose answers are put together in memory of `pool`; not open yet. */
export function createConnection({ logCreator, socketFactory, clock, pool, ...options }: SocketOptions): Connection {
  const connection = new Connection({
    ...options,
    logger: loggers.createLogger({ level: loggers.LEVELS.INFO, logCreator }),
    socketFactory:
      socketFactory ?? (options.ssl ? createSocketFactory() : readingInPlace((chunk) => connection.processData(chunk))),
    requestTimeout: NEVER,
    enforceRequestTimeout: false,
    maxInFlightRequests: null,
    reauthenticationThreshold: REAUTHENTICATE_BEFORE,
  })
  checkOnlyWhenThrottled(connection, clock)
  assembleInPlace(connection, pool)
  return connection
}

const KEEP_ALIVE: Millis = 60_000

/** TCP as kafkajs makes it, without a new buffer for each read. */
function readingInPlace(data: (chunk: Buffer) => void): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (length: number): boolean => {
      data(buffer.subarray(0, length))
      return true
    }
    const socket = connect({ host, port, onread: { buffer, callback } }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE)
    return socket
  }
}

/** kafkajs keeps an answer's chunks and joins them in the end; only its oldest way to log in still reads like that. */
function assembleInPlace(connection: Connection, pool: BufferPool): void {
  const { requestQueue } = connection
  const byKafkaJs = connection.processData.bind(connection)
  const assembler = new FrameAssembler(pool, (correlationId, payload) =>
    requestQueue.fulfillRequest({ correlationId, payload, size: payload.length }),
  )
  connection.processData = (chunk) => {
    if (connection.authHandlers) {
      byKafkaJs(Buffer.from(chunk))
      return
    }
    try {
      assembler.take(chunk)
    } catch (error) {
      connection.socket?.destroy(error instanceof Error ? error : undefined)
    }
  }
}

/**
 * kafkajs arms its check of throttled requests after every response, for `throttledUntil - now`: without throttling
 * that is negative (TimeoutNegativeWarning), is rounded up to 1 ms, and the check arms the next one, for ever.
 */
function checkOnlyWhenThrottled({ requestQueue }: Connection, clock: Clock): void {
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length === 0 || requestQueue.throttleCheckTimeoutId) return
    const check = (): void => {
      requestQueue.throttleCheckTimeoutId = null
      requestQueue.checkPendingRequests()
    }
    requestQueue.throttleCheckTimeoutId = setTimeout(check, Math.max(1, requestQueue.throttledUntil - clock.wall()))
  }
}

/**
 * Sends one request frame and gives the response without size and correlation id. `frame` is given the correlation id
 * and returns the whole frame in pieces, which are written as they are and must not change until then.
 * Rejects with kafkajs's error when the connection breaks.
 */
export function exchange(
  connection: Connection,
  request: { readonly apiKey: number; readonly apiName: string; readonly apiVersion: number },
  frame: (correlationId: number) => readonly Uint8Array[],
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { apiKey, apiName, apiVersion } = request
    const correlationId = connection.nextCorrelationId()
    connection.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve: ({ payload }) => resolve(payload), reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => {
        connection.socket?.cork()
        for (const piece of frame(correlationId)) connection.socket?.write(piece)
        connection.socket?.uncork()
      },
    })
  })
}

/** Logs in, for the first time or again. Rejects with kafkajs's error. */
export async function logIn(connection: Connection): Promise<void> {
  await connection.authenticate()
  const half = Math.floor(connection.sessionLifetime.toNumber() / 2)
  connection.reauthenticationThreshold = Math.min(REAUTHENTICATE_BEFORE, half)
}

/** Ends a connection at once; whoever waits for an answer is given `reason`. */
export function destroyConnection({ requestQueue, socket }: Connection, reason: Error): void {
  requestQueue.rejectAll(reason)
  requestQueue.destroy()
  socket?.destroy()
}

/** As kafkajs throws it when a broker cannot be reached; `broker` for the message. */
export const connectionError = (message: string, broker: string): Error =>
  new kafkaJsErrors.KafkaJSConnectionError(message, { broker })

export type { Connection }

/** The broker's error codes as kafkajs knows them (up to 88). */
export const knownErrorCodes = protocolErrors.errorCodes
