// The two sides of the stream, and what must be known of each before anything may start.
import { dirname } from 'node:path'
import { deadLetterTopicOf } from '../domain/stream/change-class.ts'
import { readsItsLetters, splitsAnswered } from '../domain/stream/obstacles.ts'
import type { Protocol } from '../domain/stream/settings.ts'
import type { Config } from './config.ts'
import type { Adjustable, Findings } from './findings.ts'

/** `path` `-` is the agent's own stdin or stdout. */
export type Side = { readonly kind: 'kafka' } | { readonly kind: 'file'; readonly path: string }

/**
 * A local stream takes Kafka's place on its own side, and only when it is written out. A sink writes nothing: without
 * Kafka it has stdout for a side, so that its dead letters go to the log.
 */
export function sidesOf(findings: Findings): { input: Side; output: Side } {
  const { flags, values } = findings
  const side = (path: string | undefined): Side => (path === undefined ? { kind: 'kafka' } : { kind: 'file', path })
  const staysSink = values.PROTOCOL === 'sink' && !findings.isSet('KAFKA_DSN') && !findings.isSet('CONSUL_DSN')
  return { input: side(flags.in), output: side(flags.out ?? (staysSink ? '-' : undefined)) }
}

/** Everything the run document cannot bring must be there; files must be usable; loops are warned about. */
export function checkSides(findings: Findings, { input, output, streams }: Config): void {
  const { CHILD_CONTROL, INPUT_NEWLINES } = findings.values
  const reads = streams.protocol !== 'source'
  checkBrokers(findings, reads ? input : { kind: 'file', path: '-' }, output)
  checkFiles(findings, input, output)
  checkSameFile(findings, input, output)
  if (streams.bin === null && !findings.mayCome('calculator') && !findings.isSet('PROGRAM')) {
    findings.problem('PROGRAM', `is needed ${why(findings, 'calculator')}: set it, or give --bin PROGRAM`)
  }
  if (findings.isSet('KAFKA_DSN') && !findings.mayCome('streams'))
    checkTopics(findings, input, output, streams.protocol)
  if (!reads && input.kind === 'file') findings.warn('--in without effect: with PROTOCOL=source nothing is read')
  if (splitsAnswered(streams.protocol, CHILD_CONTROL?.includes('ack') ?? false, INPUT_NEWLINES)) {
    const expected = `should not be split with PROTOCOL=${streams.protocol}, where answers belong to single records`
    findings.problem('INPUT_NEWLINES', expected)
  }
  if (reads && input.kind === 'kafka' && output.kind === 'kafka') checkLoops(findings, streams)
}

const why = (findings: Findings, what: Adjustable): string =>
  findings.isSet('CONSUL_DSN') ? `where RUN_DOCUMENT_ALLOW leaves out ${what}` : 'without CONSUL_DSN'

function checkBrokers(findings: Findings, input: Side, output: Side): void {
  if (findings.isSet('KAFKA_DSN')) return
  if (input.kind === 'kafka') {
    findings.problem(
      'KAFKA_DSN',
      'is needed for the input: set KAFKA_DSN and INPUT_TOPICS, or give --in FILE (- is stdin)',
    )
  }
  if (output.kind === 'kafka') {
    findings.problem(
      'KAFKA_DSN',
      'is needed for the output: set KAFKA_DSN and OUTPUT_TOPIC, or give --out FILE (- is stdout)',
    )
  }
}

function checkTopics(findings: Findings, input: Side, output: Side, protocol: Protocol): void {
  if (input.kind === 'kafka' && protocol !== 'source' && !findings.isSet('INPUT_TOPICS')) {
    findings.problem('INPUT_TOPICS', `is needed ${why(findings, 'streams')}: set it, or give --in FILE (- is stdin)`)
  }
  if (output.kind !== 'kafka' || findings.isSet('OUTPUT_TOPIC') || protocol === 'sink') return
  if (input.kind === 'kafka') findings.warn('OUTPUT_TOPIC is not set: what the Calculator writes goes nowhere')
  else
    findings.problem('OUTPUT_TOPIC', `is needed ${why(findings, 'streams')}: set it, or give --out FILE (- is stdout)`)
}

function checkFiles({ problems, machine }: Findings, input: Side, output: Side): void {
  if (input.kind === 'file' && input.path !== '-') {
    const kind = machine.kind(input.path)
    const expected = kind === 'missing' ? 'there is no such file' : kind === 'folder' ? 'it is a folder' : null
    if (expected !== null)
      problems.push({ name: '--in', value: input.path, expected: `should be a file to read: ${expected}` })
  }
  if (output.kind === 'file' && output.path !== '-') {
    const isFolder = machine.kind(output.path) === 'folder'
    const hasFolder = machine.kind(dirname(output.path)) === 'folder'
    if (isFolder)
      problems.push({ name: '--out', value: output.path, expected: 'should be a file to write, and is a folder' })
    if (!hasFolder)
      problems.push({ name: '--out', value: output.path, expected: 'should be a file in a folder that exists' })
  }
}

function checkSameFile({ problems, machine }: Findings, input: Side, output: Side): void {
  if (input.kind !== 'file' || output.kind !== 'file') return
  const refuse = (expected: string): void => void problems.push({ name: '--out', value: output.path, expected })
  if (machine.same(input.path, output.path)) {
    refuse(`should be another file than --in ${input.path}, which it would empty before it is read`)
  } else if (output.path !== '-' && machine.same(input.path, `${output.path}.dead-letter`)) {
    refuse(`should not be the file whose dead letters go to --in ${input.path}: they would be read again for ever`)
  }
}

/** Answers may go round on purpose; dead letters would go round for ever. */
function checkLoops(findings: Findings, streams: Config['streams']): void {
  const { inputTopics, outputTopic } = streams
  const letters = deadLetterTopicOf(streams)
  if (outputTopic !== null && inputTopics.includes(outputTopic)) {
    findings.warn(`OUTPUT_TOPIC=${outputTopic} is also one of INPUT_TOPICS: what is written there is read again`)
  }
  if (letters === null) return
  if (letters === outputTopic) {
    findings.warn(`DEAD_LETTER_TOPIC=${letters} is also OUTPUT_TOPIC: readers cannot tell dead letters from answers`)
  }
  if (findings.mayCome('streams') || !readsItsLetters(streams)) return
  if (findings.isSet('DEAD_LETTER_TOPIC')) {
    findings.problem('DEAD_LETTER_TOPIC', 'should not be one of INPUT_TOPICS: dead letters would be read again')
  } else {
    const cure = 'leave it out, or set DEAD_LETTER_TOPIC to another'
    findings.problem('INPUT_TOPICS', `should not name ${letters}, where dead letters go: ${cure}`)
  }
}
