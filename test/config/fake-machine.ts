import type { FileKind, Machine } from '../../src/config/machine.ts'

/** A machine of which a test says every file: a text is a file, anything else its kind. */
export function fakeMachine(entries: Readonly<Record<string, string | { kind: FileKind }>> = {}): Machine {
  const all = new Map(
    Object.entries({ '/bin/cat': { kind: 'program' as const }, '/': { kind: 'folder' as const }, ...entries }),
  )
  return {
    read: (path) => {
      const entry = all.get(path)
      if (typeof entry === 'string') return entry
      throw Object.assign(new Error(`cannot open ${path}`), { code: 'ENOENT' })
    },
    kind: (path) => {
      const entry = all.get(path)
      return entry === undefined ? 'missing' : typeof entry === 'string' ? 'file' : entry.kind
    },
    head: () => null,
    same: (one, other) => one === other && typeof all.get(one) === 'string',
    hostName: () => 'box',
    arch: 'x64',
    terminal: false,
  }
}

/** The least environment with which a Kafka agent starts. */
export const least = {
  NODE_ID: 'ws-1',
  KAFKA_DSN: 'k1:9092',
  INPUT_TOPICS: 'readings',
  OUTPUT_TOPIC: 'scores',
  PROGRAM: '/bin/cat',
  CONSUL_DSN: 'localhost:8500',
} as const
