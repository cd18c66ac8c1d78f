// kafkajs 2.2.4 arms its check of throttled requests after every response, also while nothing is throttled: each idle
// connection then wakes up every millisecond, and prints a TimeoutNegativeWarning. Here it is armed only where a request
// waits, as in src/kafka/kafkajs-internals.ts; tests and benchmarks that use kafkajs import this.
import { createRequire } from 'node:module'

interface Queue {
  readonly pending: readonly unknown[]
}

interface QueuePrototype {
  scheduleCheckPendingRequests: (this: Queue) => void
}

const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
  prototype: QueuePrototype
}
const schedule = prototype.scheduleCheckPendingRequests
prototype.scheduleCheckPendingRequests = function (this: Queue) {
  if (this.pending.length > 0) schedule.call(this)
}
