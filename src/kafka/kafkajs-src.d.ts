// The shapes of the kafkajs 2.2.4 internals that kafkajs-internals.ts uses, and no more. A test compares them with
// what is installed.
declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net'
  import type { ISocketFactory, KafkaConfig } from 'kafkajs'
  import type { RootLogger } from 'kafkajs/src/loggers/index.js'

  interface Entry {
    readonly apiKey: number
    readonly apiName: string
    readonly apiVersion: number
    readonly correlationId: number
    resolve(response: { readonly payload: Buffer }): void
    reject(error: Error): void
  }

  interface RequestQueue {
    readonly pending: readonly unknown[]
    readonly inflight: ReadonlyMap<number, unknown>
    throttledUntil: number
    throttleCheckTimeoutId: NodeJS.Timeout | null
    push(request: {
      readonly entry: Entry
      readonly expectResponse: boolean
      readonly requestTimeout: number | null
      sendRequest(): void
    }): void
    fulfillRequest(response: { readonly correlationId: number; readonly payload: Buffer; readonly size: number }): void
    maybeThrottle(ms: number): void
    checkPendingRequests(): void
    scheduleCheckPendingRequests(): void
    rejectAll(error: Error): void
    destroy(): void
  }

  class Connection {
    constructor(options: {
      readonly host: string
      readonly port: number
      readonly clientId: string
      readonly logger: RootLogger
      readonly socketFactory: ISocketFactory
      readonly ssl: KafkaConfig['ssl'] | null
      readonly sasl: KafkaConfig['sasl'] | null
      readonly connectionTimeout: number
      readonly requestTimeout: number
      readonly enforceRequestTimeout: boolean
      readonly maxInFlightRequests: number | null
      readonly reauthenticationThreshold: number
    })
    readonly socket: Socket | undefined
    /** Set while it logs in by the protocol of brokers before Kafka 1.0. */
    readonly authHandlers: object | null
    processData(chunk: Buffer): void
    readonly requestQueue: RequestQueue
    connect(): Promise<true>
    isConnected(): boolean
    isAuthenticated(): boolean
    /** Of the login, in ms, as the broker said; 0: it does not end. */
    readonly sessionLifetime: { toNumber(): number }
    reauthenticationThreshold: number
    authenticate(): Promise<void>
    setVersions(versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>): void
    setSupportAuthenticationProtocol(isSupported: boolean): void
    nextCorrelationId(): number
  }
  export = Connection
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { logCreator } from 'kafkajs'

  interface RootLogger {
    namespace(name: string): RootLogger
  }
  const loggers: {
    readonly LEVELS: { readonly INFO: number }
    createLogger(options: { readonly level: number; readonly logCreator: logCreator }): RootLogger
  }
  namespace loggers {
    export type { RootLogger }
  }
  export = loggers
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { ISocketFactory } from 'kafkajs'

  function createSocketFactory(): ISocketFactory
  export = createSocketFactory
}

declare module 'kafkajs/src/errors.js' {
  const errors: {
    readonly KafkaJSConnectionError: new (
      message: string,
      options: { readonly broker: string; readonly code?: string },
    ) => Error
  }
  export = errors
}

declare module 'kafkajs/src/protocol/error.js' {
  const protocolErrors: {
    readonly errorCodes: readonly {
      readonly type: string
      readonly code: number
      readonly retriable: boolean
      readonly message: string
    }[]
  }
  export = protocolErrors
}
