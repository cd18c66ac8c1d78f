// What `pidpiper dlq` takes from the agent's variables: the brokers, the login, the topic.
import { Findings } from '../config/findings.ts'
import { kafkaSettings, type KafkaSettings } from '../config/kafka-settings.ts'
import type { Machine } from '../config/machine.ts'
import type { Problem } from '../config/problem.ts'
import { readVariables, type Environment } from '../config/read.ts'
import { deadLetterTopicOf } from '../domain/stream/change-class.ts'

export type DlqSettings =
  | { readonly kafka: KafkaSettings; readonly topic: string; readonly problems: readonly [] }
  | { readonly kafka: null; readonly problems: readonly Problem[] }

const topicVariables: readonly string[] = ['DEAD_LETTER_TOPIC', 'OUTPUT_TOPIC', 'INPUT_TOPICS']

/** Problems of other variables are the agent's business. `topic`: from the command line, null for none. */
export function dlqSettings(environment: Environment, machine: Machine, topic: string | null): DlqSettings {
  const findings = new Findings(readVariables(environment, machine), {}, environment, machine)
  const { values } = findings
  const kafka = kafkaSettings(findings)
  if (!findings.isSet('KAFKA_DSN')) findings.problem('KAFKA_DSN', 'is needed: the brokers, host:port[,host:port…]')
  const chosen =
    topic ??
    deadLetterTopicOf({
      deadLetterTopic: values.DEAD_LETTER_TOPIC,
      outputTopic: values.OUTPUT_TOPIC,
      inputTopics: values.INPUT_TOPICS ?? [],
    })
  const ofTopic = (name: string): boolean => topic === null && topicVariables.includes(name)
  const problems = findings.problems.filter(({ name }) => name.startsWith('KAFKA_') || ofTopic(name))
  if (chosen === null && problems.every(({ name }) => !ofTopic(name))) {
    const expected = 'is needed: set it or OUTPUT_TOPIC, or give --topic T (the run document is not looked at)'
    problems.push({ name: 'DEAD_LETTER_TOPIC', value: null, expected })
  }
  return kafka && chosen !== null && problems.length === 0
    ? { kafka, topic: chosen, problems: [] }
    : { kafka: null, problems }
}
