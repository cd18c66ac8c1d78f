// What has to be touched when settings change while records flow.
import type { StreamSettings } from './settings.ts'

/**
 * `live`: applied in place. `producer`: flush, then a new sink. `consumer`: drain, commit, subscribe anew.
 * `calculator`: drain, then restart the child.
 */
export type ChangeClass = 'live' | 'producer' | 'consumer' | 'calculator'

const classOf = {
  inputTopics: 'consumer',
  inputFrom: 'consumer',
  outputTopic: 'producer',
  outputFormat: 'producer',
  outputJson: 'producer',
  deadLetterTopic: 'producer',
  deadLetterAttempts: 'live',
  protocol: 'calculator',
  workers: 'calculator',
  bin: 'calculator',
  args: 'calculator',
  env: 'calculator',
} as const satisfies Record<keyof StreamSettings, ChangeClass>

/** The classes of all settings that differ; empty when nothing changed. The order of `env` does not count. */
export function changeClass(from: StreamSettings, to: StreamSettings): ReadonlySet<ChangeClass> {
  const keys = Object.keys(classOf) as (keyof typeof classOf)[]
  const changed = new Set<ChangeClass>(keys.filter((key) => !same(from[key], to[key])).map((key) => classOf[key]))
  if (deadLetterTopicOf(from) !== deadLetterTopicOf(to)) changed.add('producer')
  return changed
}

/** The dead-letter topic in force: named, or derived from the output topic, else from the first input topic; else null. */
export function deadLetterTopicOf(
  settings: Pick<StreamSettings, 'deadLetterTopic' | 'outputTopic' | 'inputTopics'>,
): string | null {
  if (settings.deadLetterTopic !== null) return settings.deadLetterTopic
  const origin = settings.outputTopic ?? settings.inputTopics[0]
  return origin === undefined ? null : `${origin}.dead-letter`
}

type Setting = StreamSettings[keyof StreamSettings]

function same(one: Setting, other: Setting): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other
  const entries = Object.entries(one)
  const others = new Map<string, unknown>(Object.entries(other))
  return entries.length === others.size && entries.every(([key, value]) => others.has(key) && others.get(key) === value)
}
