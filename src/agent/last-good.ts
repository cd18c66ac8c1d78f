import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, messageOf } from '../domain/errors.ts'
import type { EventName } from '../domain/log-events.ts'
import type { LastGood } from '../engine/document/document-control.ts'
import type { EventRing } from '../engine/event-ring.ts'

/** The last good run document in STATE_DIR: written whole or not at all; an unusable copy is told and left alone. */
export function lastGoodIn(folder: string, events: EventRing): LastGood {
  const file = join(folder, 'run-document.json')
  const told = (event: EventName, message: string, error: unknown): void => {
    events.publish(event, 'warn', message, { file, reason: messageOf(error) })
  }
  return {
    read() {
      try {
        const kept: unknown = JSON.parse(readFileSync(file, 'utf8'))
        if (isKept(kept)) return kept
        told('document.copy-unusable', 'cannot use the copy of the run document', 'it is not what was written')
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null
        told('document.copy-unusable', 'cannot read the copy of the run document', error)
      }
      return null
    },
    write(document) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        writeFileSync(`${file}.new`, JSON.stringify(document), { mode: 0o600 })
        renameSync(`${file}.new`, file)
      } catch (error) {
        told('document.copy-failed', 'cannot keep a copy of the run document in STATE_DIR', error)
      }
    },
  }
}

const isKept = (value: unknown): value is { text: string; modifyIndex: number } =>
  typeof value === 'object' &&
  value !== null &&
  'text' in value &&
  typeof value.text === 'string' &&
  'modifyIndex' in value &&
  typeof value.modifyIndex === 'number'
