// What `pidpiper dlq purge` says, before and after.
import type { Letter } from '../domain/dead-letters/letter.ts'
import type { Span } from '../domain/dead-letters/selection.ts'
import * as text from './dlq-text.ts'

export interface PurgedPartition {
  /** Deleted, or to be deleted. */
  readonly span: Span
  readonly end: number
  readonly keeps: Letter | null
}

/** Letters that the plans delete, all together. */
export const purgedLetters = (plans: readonly PurgedPartition[]): number =>
  plans.reduce((sum, { span }) => sum + span.to - span.from, 0)

/** One line for each partition that has letters; `done`: `to be deleted`, `deleted`. */
export function purgeReport(plans: readonly PurgedPartition[], topic: string, done: string): string {
  const lines = plans.filter(({ span, end }) => end > span.from).map((plan) => `${partitionLine(plan, done)}\n`)
  if (lines.length === 0) return `no letters in ${topic}\n`
  const kept = plans.reduce((sum, { span, end }) => sum + end - span.to, 0)
  const total = `${text.countText(purgedLetters(plans))} of ${topic} ${done}, ${kept.toLocaleString('en-US')} kept`
  return `${lines.join('')}${total}\n`
}

function partitionLine({ span, end, keeps }: PurgedPartition, done: string): string {
  const { partition, from, to } = span
  const gone = to > from ? `offsets ${from} to ${to - 1} ${done}` : 'nothing goes'
  const letter = keeps ? `, the first is ${text.printable(keeps.reason)} and not asked for` : ''
  const kept = end > to ? `${to} to ${end - 1} kept${letter}` : 'nothing kept'
  return `partition ${partition}: ${gone}, ${kept}`
}

/** The same for programs, as one line. */
export const purgeJson = (plans: readonly PurgedPartition[], topic: string, done: boolean): string => {
  const partitions = plans.map(({ span: { partition, from, to }, end }) => ({ partition, from, to, end }))
  return `${JSON.stringify({ topic, done, letters: purgedLetters(plans), partitions })}\n`
}
