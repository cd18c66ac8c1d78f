// Letters of the product's own sink, looked at, sent back and deleted on the real broker.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVERYTHING } from '../../../src/domain/dead-letters/selection.ts'
import { DeadLetterBox } from '../../../src/kafka/dead-letter-queue/box.ts'
import { ReplayJournal } from '../../../src/kafka/dead-letter-queue/journal.ts'
import { Replay } from '../../../src/kafka/dead-letter-queue/replay.ts'
import { brokerAddress, TestKafka } from '../../support/kafka.ts'
import { clock, clusterFor, Lines, optionsFor } from '../rig.ts'
import { dlq, inputLetter, writeLetters } from './rig.ts'

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')

test('letters are listed, shown, sent back once, and purged when replayed', async (t) => {
  const kafka = new TestKafka(t)
  const source = await kafka.createTopic(2)
  const topic = await kafka.createTopic(1)
  await writeLetters(t, topic, [
    inputLetter(source, 0),
    inputLetter(source, 1, { reason: 'not-json', value: Buffer.from('no json') }),
    inputLetter(source, 2, { reason: 'crash', value: Buffer.from([0xff, 0x00]) }),
    inputLetter(source, 3, { reason: 'crash', key: null, headers: [] }),
  ])

  const listed = await dlq(topic, ['ls'])
  assert.equal(listed.code, 0)
  assert.match(listed.stdout, new RegExp(`^0:2 +\\S+Z crash +${source}/1@2 +2 B +key 2$`, 'm'))
  assert.match(listed.stdout, /^crash {8}2 letters {2}/m)
  assert.match(listed.stdout, new RegExp(`^4 letters in ${topic}, `, 'm'))
  const some = lines((await dlq(topic, ['ls', '--json', '--reason', 'crash', '--limit', '1'])).stdout)
  assert.deepEqual(
    some.map((line) => JSON.parse(line) as { offset: number; replayed: boolean }).map((at) => [at.offset, at.replayed]),
    [[2, false]],
  )
  assert.equal((await dlq(topic, ['ls', '--until', '1h'])).stdout, `no letters in ${topic} as asked for\n`)
  assert.match(
    (await dlq(topic, ['show', '0:0'])).stdout,
    /^trace +0\nempty +\(null\)\n\nkey\nkey 0\n\nvalue, 14 B\nfirst\nrecord 0\n$/m,
  )
  assert.equal((await dlq(topic, ['show', '0:2', '--raw'])).stdout, '\u00ff\u0000')

  const refused = await dlq(topic, ['replay'])
  assert.equal(refused.code, 64)
  assert.match(refused.stderr, new RegExp(`3 letters of ${topic} to be sent: 3 to ${source}\n`))
  assert.match(refused.stderr, /1 letter not to be sent: a line of the Calculator's output.*--to TOPIC/)
  assert.match(refused.stderr, /say --yes/)
  assert.deepEqual(await kafka.endOffsets(source), [0, 0])

  const unnamed = await dlq(topic, ['replay', '--reason', 'crash', '--limit', '1'])
  assert.deepEqual([unnamed.code, unnamed.stdout], [64, ''])
  const declined = await dlq(topic, ['replay', '--limit', '1'], { ask: () => Promise.resolve(false) })
  assert.deepEqual([declined.code, declined.stdout], [1, ''])
  assert.match(declined.stderr, /nothing was sent$/m)
  assert.deepEqual(await kafka.endOffsets(source), [0, 0])

  const first = await dlq(topic, ['replay', '--reason', 'crash', '--yes'])
  assert.deepEqual([first.code, first.stdout], [0, `2 letters of ${topic} sent: 2 to ${source}\n`])
  const second = await dlq(topic, ['replay', '--yes'])
  assert.equal(second.code, 1)
  assert.match(second.stdout, /^1 letter of .* sent: 1 to .*\n2 letters replayed before.*\n1 letter not sent/)
  const back = await kafka.readTopic(source)
  assert.deepEqual(
    back.map(({ partition, key, value, headers, timestamp }) => [
      ...[partition, key?.toString(), value?.toString('latin1'), Object.keys(headers).join(), timestamp],
    ]),
    [
      [1, 'key 2', '\u00ff\u0000', 'trace,empty', 1_790_000_000_002],
      [1, undefined, 'first\nrecord 3', '', 1_790_000_000_003],
      [1, 'key 0', 'first\nrecord 0', 'trace,empty', 1_790_000_000_000],
    ],
  )

  const purged = await dlq(topic, ['purge', '--all', '--replayed'])
  assert.equal(purged.code, 64)
  assert.match(
    purged.stdout,
    /^partition 0: offsets 0 to 0 to be deleted, 1 to 3 kept, the first is not-json and not asked for$/m,
  )
  assert.equal((await dlq(topic, ['replay', '0:1', '--to', source])).code, 0)
  assert.equal((await dlq(topic, ['purge', '--all', '--replayed', '--yes'])).code, 0)
  assert.equal((await dlq(topic, ['ls'])).stdout, `no letters in ${topic}\n`)
  assert.equal((await dlq(topic, ['replay', '--yes', '--again'])).stdout, `no letters to replay in ${topic}\n`)
})

test('a cut letter, one of a topic that is gone and one of this topic stay, each with the cure', async (t) => {
  const kafka = new TestKafka(t)
  const topic = await kafka.createTopic(1, { config: { 'max.message.bytes': '5000' } })
  const target = await kafka.createTopic(1)
  await writeLetters(t, topic, [
    inputLetter(target, 0, { value: Buffer.alloc(9_000, 'x') }),
    inputLetter('no-such-topic', 1),
    inputLetter(topic, 2),
  ])
  const stayed = await dlq(topic, ['replay', '--yes', '--json'])
  assert.equal(stayed.code, 1)
  assert.deepEqual(JSON.parse(stayed.stdout), {
    ...{ topic, done: true, interrupted: false, sent: {}, replayedBefore: 0 },
    stayed: { truncated: 1, 'no-topic': 1, 'own-topic': 1 },
  })
  const forced = await dlq(topic, ['replay', '--yes', '--json', '--force', '--to', target])
  assert.deepEqual([forced.code, (JSON.parse(forced.stdout) as { sent: object }).sent], [0, { [target]: 3 }])
  assert.deepEqual(
    (await kafka.readTopic(target)).map(({ value }) => value?.length),
    [14, 14, 1024],
  )
  const small = await kafka.createTopic(1, { config: { 'max.message.bytes': '700' } })
  const some = await dlq(topic, ['replay', '--yes', '--force', '--again', '--to', small])
  assert.equal(some.code, 1)
  assert.match(some.stdout, /^2 letters .* sent: .*\n1 letter not sent: larger than their topic takes: .*\n {2}0:2 /)
})

test('of two replays at once one ends before it sends', async (t) => {
  const kafka = new TestKafka(t)
  const topic = await kafka.createTopic(1)
  const cluster = clusterFor(new Lines())
  t.after(() => cluster.close())
  const [one, other] = [new ReplayJournal(topic, cluster, clock), new ReplayJournal(topic, cluster, clock)]
  const [ours, theirs] = [await one.load(0), await other.load(0)]
  ours.begin(0, 0)
  ours.done(0, 'crash')
  await one.save(0, ours)
  await assert.rejects(other.expectUntouched(0), /another replay of topic .* is under way/)
  await assert.rejects(other.save(0, theirs), /another replay/)
  assert.ok((await other.load(0)).has(0, 'crash'))
  await other.save(0, theirs)
})

test('an interrupted replay goes on where it stopped, and a purge by time keeps what is younger', async (t) => {
  const kafka = new TestKafka(t)
  const source = await kafka.createTopic(2)
  const topic = await kafka.createTopic(1)
  const many = Array.from({ length: 3_000 }, (_, i) => inputLetter(source, i, { value: Buffer.alloc(300, `${i} `) }))
  await writeLetters(t, topic, many)
  const stopping = new AbortController()
  const options = optionsFor([brokerAddress()])
  const box = new DeadLetterBox({ kafka: { ...options, compression: 'none' }, topic, clock, signal: stopping.signal })
  t.after(() => box.close())
  await box.open()
  const selection = EVERYTHING
  const request = { selection, to: null, force: false, again: false, limit: null }
  const { journal, writer } = box
  const parts = { topic: box.topic, journal, writer, signal: stopping.signal }
  const replay = new Replay(parts, request, () => stopping.abort())
  const sent = (await replay.run(await box.topic.spans(selection))).sent.get(source) ?? 0
  assert.ok(sent > 0 && sent < 3_000, `${sent} sent before the end`)
  const rest = await dlq(topic, ['replay', '--yes', '--json'])
  const after = JSON.parse(rest.stdout) as { sent: Record<string, number>; replayedBefore: number }
  assert.deepEqual([after.replayedBefore, after.sent[source]], [sent, 3_000 - sent])
  assert.equal((await kafka.endOffsets(source))[1], 3_000)

  const none = await dlq(topic, ['purge', '--before', '1h', '--yes'])
  assert.match(none.stdout, /^partition 0: nothing goes, 0 to 2999 kept$/m)
  await dlq(topic, ['purge', '--before', '10', '--yes'])
  assert.equal(lines((await dlq(topic, ['ls', '--json'])).stdout).length, 2_990)
})

test('what Kafka refuses is told in a line', async (t) => {
  const kafka = new TestKafka(t)
  const missing = kafka.topicName('dead')
  const unknown = await dlq(missing, ['ls'])
  assert.deepEqual([unknown.code, unknown.stdout], [1, ''])
  assert.match(unknown.stderr, new RegExp(`^pidpiper: cannot read topic ${missing}: it does not exist`))
  const compacted = await kafka.createTopic(1, { config: { 'cleanup.policy': 'compact' } })
  await writeLetters(t, compacted, [inputLetter('in', 0)])
  const purge = await dlq(compacted, ['purge', '--all', '--yes'])
  assert.equal(purge.code, 1)
  assert.match(purge.stderr, /POLICY_VIOLATION/)
  assert.match((await dlq(compacted, ['ls', '--partition', '3'])).stderr, /has partition 0 only, not 3\n$/)
  assert.match((await dlq(compacted, ['show', '0:5'])).stderr, /no letter 0:5/)
  const away = { environment: { KAFKA_DSN: '127.0.0.1:1', DEAD_LETTER_TOPIC: missing } }
  const unreachable = await dlq(missing, ['ls'], away)
  assert.equal(unreachable.code, 69)
  assert.match(unreachable.stderr, /^pidpiper: cannot reach Kafka at 127\.0\.0\.1:1: /)
  assert.equal((await dlq(missing, ['ls'], { environment: {} })).code, 78)
})
