import type { StreamSettings } from '../../src/domain/stream/settings.ts'

/** What the environment gives where it names topics and a program, and nothing else. */
export const plainSettings: StreamSettings = {
  inputTopics: ['in'],
  inputFrom: 'earliest',
  outputTopic: 'out',
  outputFormat: 'dataframe',
  outputJson: false,
  deadLetterTopic: null,
  deadLetterAttempts: 3,
  protocol: 'relay',
  workers: 1,
  bin: '/bin/cat',
  args: [],
  env: {},
}
