import type { Config } from '../config/config.ts'
import { deadLetterTopicOf } from '../domain/stream/change-class.ts'
import { workersProblem } from '../domain/stream/dealing.ts'
import { isTransactional, rulesOf } from '../domain/stream/protocol/rules.ts'
import type { StreamSettings } from '../domain/stream/settings.ts'

/** Judges settings that environment and run document gave together: null, or why they cannot be put in force. */
export const obstacleFor =
  (config: Config) =>
  (settings: StreamSettings): string | null => {
    const missing = [
      ...(settings.bin === null ? ['a program (calculator.bin, PROGRAM or --bin)'] : []),
      ...(config.input.kind === 'kafka' && settings.protocol !== 'source' && settings.inputTopics.length === 0
        ? ['topics to read (input.topics or INPUT_TOPICS)']
        : []),
    ]
    if (missing.length > 0) return `nobody names ${missing.join(' nor ')}`
    const letters = deadLetterTopicOf(settings)
    const reads = settings.protocol !== 'source'
    const isRead = config.streams.protocol !== 'source'
    if (config.input.kind === 'file' && reads !== isRead) {
      const expected = `expected ${isRead ? 'one that reads' : 'source'}, found ${settings.protocol}`
      return `calculator.protocol: ${expected}: with --in only PROTOCOL says whether it is read`
    }
    if (config.output.kind === 'kafka' && reads && letters !== null && settings.inputTopics.includes(letters)) {
      return `deadLetter.topic: ${letters} is also an input topic, so that dead letters would be read again`
    }
    if (
      rulesOf(settings.protocol, config.calculator.control?.acks ?? false).matched &&
      config.rules.newlines === 'split'
    ) {
      return `calculator.protocol: ${settings.protocol} does not go with INPUT_NEWLINES=split`
    }
    const tooMany = workersProblem({
      ...config.rules,
      workers: settings.workers,
      local: config.input.kind === 'file',
    })
    if (tooMany !== null) return `calculator.workers: expected 1, found ${settings.workers}: ${tooMany}`
    return config.rules.delivery === 'exactly-once' ? notExactlyOnce(settings, letters) : null
  }

function notExactlyOnce({ protocol, outputTopic }: StreamSettings, letters: string | null): string | null {
  const needs = 'DELIVERY=exactly-once needs'
  if (!isTransactional(protocol))
    return `calculator.protocol: ${needs} an input and an output, ${protocol} has one side`
  if (outputTopic === null) return `output.topic: ${needs} an output topic (or OUTPUT_TOPIC)`
  if (outputTopic === letters) return `deadLetter.topic: ${needs} another topic than ${outputTopic} for dead letters`
  return null
}
