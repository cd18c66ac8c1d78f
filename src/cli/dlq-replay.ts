// What `pidpiper dlq replay` says, before and after.
import type { Obstacle } from '../domain/dead-letters/destination.ts'
import type { Letter } from '../domain/dead-letters/letter.ts'
import * as text from './dlq-text.ts'

export interface ReplayCounts {
  /** By topic. */
  readonly sent: ReadonlyMap<string, number>
  readonly before: number
  readonly stayed: ReadonlyMap<Obstacle, number>
  readonly examples: readonly { readonly letter: Letter; readonly obstacle: Obstacle }[]
}

/** The sum over all keys. */
export const totalOf = (counts: ReadonlyMap<unknown, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)

const reasons = {
  truncated: 'cut short, only the beginning of the value was kept: --force sends that',
  answer: "a line of the Calculator's output, not a record: --to TOPIC says where it goes",
  'no-source': 'of unknown origin: --to TOPIC says where it goes',
  'own-topic': 'from this dead-letter topic itself: --to TOPIC says where it goes',
  'no-topic': 'from a topic that does not exist: make it, or say --to TOPIC',
  'too-large': "larger than their topic takes: raise the topic's max.message.bytes, or say --to TOPIC",
} as const satisfies Record<Obstacle, string>

/** What a survey found, as what would be done. */
export const plan = (counts: ReplayCounts, topic: string): string => report(counts, topic, 'to be sent')

/** What was done. */
export const outcome = (counts: ReplayCounts, topic: string): string => report(counts, topic, 'sent')

function report({ sent, before, stayed, examples }: ReplayCounts, topic: string, done: string): string {
  const total = totalOf(sent)
  const lines: string[] = []
  if (total > 0) {
    const places = [...sent].map(([to, count]) => `${count.toLocaleString('en-US')} to ${text.printable(to)}`)
    lines.push(`${text.countText(total)} of ${topic} ${done}: ${places.join(', ')}`)
  } else if (before === 0 && stayed.size === 0) {
    lines.push(`no letters to replay in ${topic}`)
  }
  if (before > 0) lines.push(`${text.countText(before)} replayed before; --again sends them once more`)
  for (const [obstacle, count] of stayed) {
    lines.push(`${text.countText(count)} not ${done}: ${reasons[obstacle]}`)
    for (const { letter } of examples.filter((each) => each.obstacle === obstacle)) {
      lines.push(`  ${letter.partition}:${letter.offset}  ${text.printable(letter.reason)}  ${text.sourceText(letter)}`)
    }
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** `interrupted`: by a signal; the next replay goes on from there. */
export const replayJson = (counts: ReplayCounts, topic: string, done: boolean, interrupted: boolean): string => {
  const { sent, before, stayed } = counts
  const amounts = { sent: Object.fromEntries(sent), replayedBefore: before, stayed: Object.fromEntries(stayed) }
  return `${JSON.stringify({ topic, done, interrupted, ...amounts })}\n`
}
