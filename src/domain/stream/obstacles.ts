// Settings that cannot go together, wherever they come from: config/ words it for variables, agent/obstacle.ts for the
// run document.
import { deadLetterTopicOf } from './change-class.ts'
import { isTransactional, rulesOf } from './protocol/rules.ts'
import type { Protocol, StreamSettings } from './settings.ts'

/** Dead letters go to an input topic, and would be read again for ever. */
export function readsItsLetters(settings: StreamSettings): boolean {
  const letters = deadLetterTopicOf(settings)
  return settings.protocol !== 'source' && letters !== null && settings.inputTopics.includes(letters)
}

/** Answers belong to single records, and INPUT_NEWLINES=split makes several lines of one. */
export const splitsAnswered = (protocol: Protocol, acks: boolean, newlines: string): boolean =>
  rulesOf(protocol, acks).matched && newlines === 'split'

/** Why DELIVERY=exactly-once cannot hold: a protocol with one side only, no output topic, or dead letters that go to it. */
export type ExactlyOnceFault = 'one-sided' | 'no-output' | 'letters-in-output'

/** Everything that DELIVERY=exactly-once has to be refused for; empty where it can hold. */
export function exactlyOnceFaults(settings: StreamSettings): readonly ExactlyOnceFault[] {
  const { protocol, outputTopic } = settings
  const isMixed = outputTopic !== null && deadLetterTopicOf(settings) === outputTopic
  return [
    ...(isTransactional(protocol) ? [] : (['one-sided'] as const)),
    ...(outputTopic === null ? (['no-output'] as const) : []),
    ...(isMixed ? (['letters-in-output'] as const) : []),
  ]
}
