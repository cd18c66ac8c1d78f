import type { Config } from '../config/config.ts'
import { deadLetterTopicOf } from '../domain/stream/change-class.ts'
import { workersProblem } from '../domain/stream/dealing.ts'
import {
  exactlyOnceFaults,
  readsItsLetters,
  splitsAnswered,
  type ExactlyOnceFault,
} from '../domain/stream/obstacles.ts'
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
    const reads = settings.protocol !== 'source'
    const isRead = config.streams.protocol !== 'source'
    if (config.input.kind === 'file' && reads !== isRead) {
      const expected = `expected ${isRead ? 'one that reads' : 'source'}, found ${settings.protocol}`
      return `calculator.protocol: ${expected}: with --in only PROTOCOL says whether it is read`
    }
    if (config.output.kind === 'kafka' && readsItsLetters(settings)) {
      return `deadLetter.topic: ${deadLetterTopicOf(settings) ?? ''} is also an input topic, so that dead letters would be read again`
    }
    if (splitsAnswered(settings.protocol, config.calculator.control?.acks ?? false, config.rules.newlines)) {
      return `calculator.protocol: ${settings.protocol} does not go with INPUT_NEWLINES=split`
    }
    const tooMany = workersProblem({
      ...config.rules,
      workers: settings.workers,
      local: config.input.kind === 'file',
    })
    if (tooMany !== null) return `calculator.workers: expected 1, found ${settings.workers}: ${tooMany}`
    const [fault] = config.rules.delivery === 'exactly-once' ? exactlyOnceFaults(settings) : []
    return fault === undefined ? null : wording[fault](settings)
  }

const NEEDS = 'DELIVERY=exactly-once needs'

const wording: Readonly<Record<ExactlyOnceFault, (settings: StreamSettings) => string>> = {
  'one-sided': ({ protocol }) => `calculator.protocol: ${NEEDS} an input and an output, ${protocol} has one side`,
  'no-output': () => `output.topic: ${NEEDS} an output topic (or OUTPUT_TOPIC)`,
  'letters-in-output': ({ outputTopic }) =>
    `deadLetter.topic: ${NEEDS} another topic than ${outputTopic ?? ''} for dead letters`,
}
