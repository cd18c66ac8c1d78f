import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AgentError } from '../src/domain/errors.ts'
import type { NumberedEvent } from '../src/engine/snapshot.ts'
import { createLog, type LogOptions } from '../src/log.ts'
import { tempDir } from './support/temp.ts'
import { waitFor } from './support/wait-for.ts'

type Line = Record<string, unknown>

function logTo(options: Partial<LogOptions> = {}) {
  const written: string[] = []
  const log = createLog({
    level: 'info',
    format: 'json',
    colors: false,
    instance: 'pod-1',
    secrets: [],
    destination: { write: (text: string) => void written.push(text) },
    ...options,
  })
  return {
    log,
    written,
    lines: (): Line[] => written.map((text) => JSON.parse(text) as Line),
    last: (): Line => JSON.parse(written.at(-1) ?? 'null') as Line,
  }
}

const stderr = (text: string, cut = false) => ({ namespec: 'calculator', pid: 42, text, cut })

test('a line is one JSON object with level, time, instance, event and message', () => {
  const { log, written, last } = logTo()
  log.module('kafka')('warn', 'broker away', { event: 'kafka.unreachable', broker: 'b:9092' })
  const { time, ...rest } = last()
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(rest, {
    level: 'warn',
    instance: 'pod-1',
    module: 'kafka',
    event: 'kafka.unreachable',
    broker: 'b:9092',
    msg: 'broker away',
  })
  assert.match(written[0] ?? '', /^[^\n]*\n$/)
})

test('the level filters the agent, never the children', () => {
  const { log, lines } = logTo({ level: 'error' })
  log.line('info', 'not shown', { event: 'agent.failed' })
  log.child(stderr('shown'))
  log.child(stderr('{"level":"debug","msg":"shown too"}'))
  assert.deepEqual(
    lines().map((line) => [line['level'], line['msg']]),
    [
      ['info', 'shown'],
      ['debug', 'shown too'],
    ],
  )
})

test('LOG_LEVEL silent still shows what the children say', () => {
  const { log, lines } = logTo({ level: 'silent' })
  log.line('fatal', 'not shown', { event: 'agent.failed' })
  log.child(stderr('shown'))
  assert.equal(lines().length, 1)
})

test('events of the read model become lines until it is left', () => {
  const { log, lines, last } = logTo()
  const listeners = new Set<(event: NumberedEvent) => void>()
  const leave = log.follow({
    subscribe: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
  })
  const event: NumberedEvent = {
    seq: 7,
    wall: 0,
    mono: 0,
    event: 'process.exited',
    level: 'warn',
    message: 'exited',
    fields: { process: 'calculator', code: 3, event: 'forged' },
  }
  for (const listener of listeners) listener(event)
  assert.equal(last()['event'], 'process.exited')
  assert.deepEqual([last()['seq'], last()['code'], last()['level'], last()['msg']], [7, 3, 'warn', 'exited'])
  leave()
  for (const listener of listeners) listener(event)
  assert.equal(lines().length, 1)
})

test('a stderr line names its stream, process and pid, and says when it was cut', () => {
  const { log, last } = logTo()
  log.child(stderr('Traceback "x"', true))
  assert.deepEqual(
    { ...last(), time: 0 },
    {
      time: 0,
      level: 'info',
      instance: 'pod-1',
      event: 'process.stderr',
      stream: 'stderr',
      process: 'calculator',
      pid: 42,
      cut: true,
      msg: 'Traceback "x"',
    },
  )
})

test('a JSON line keeps its fields and level and cannot forge ours', () => {
  const { log, last, written } = logTo()
  log.child(
    stderr(
      '{"level":"ERROR","msg":"bad","pid":1,"time":"t","event":"agent.stopped","rows":[1],"__proto__":{"x":1},"err":"e"}',
    ),
  )
  const line = last()
  assert.deepEqual(
    [line['level'], line['msg'], line['pid'], line['event'], line['rows'], line['err']],
    ['error', 'bad', 42, 'process.stderr', [1], 'e'],
  )
  assert.deepEqual(line['calculator'], { pid: 1, time: 't', event: 'agent.stopped' })
  assert.equal(written[0]?.match(/"(level|pid|event|msg|time)":/g)?.length, 8, 'five of ours, three under calculator')
})

test('level words and numbers of other loggers are understood', () => {
  const { log, lines } = logTo()
  const given = [
    '"level":40',
    '"severity":"WARNING"',
    '"levelname":"CRITICAL"',
    '"level":"odd"',
    '"level":35',
    '"level":{}',
    '"level":70',
  ]
  for (const level of given) log.child(stderr(`{${level}}`))
  assert.deepEqual(
    lines().map((line) => line['level']),
    ['warn', 'warn', 'fatal', 'info', 'info', 'info', 'info'],
  )
})

test('text that only looks like JSON is text', () => {
  const { log, lines } = logTo()
  for (const text of ['{not json}', '{"a":1} {"b":2}', '[1]', '']) log.child(stderr(text))
  assert.deepEqual(
    lines().map((line) => line['msg']),
    ['{not json}', '{"a":1} {"b":2}', '[1]', ''],
  )
})

test('a child’s line too deeply nested to be taken apart is told as it was said', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  for (const format of ['json', 'pretty'] as const) {
    for (const text of [`{"level":"error","msg":${deep}}`, `{"a":${deep}}`, `{"a":${deep.slice(18_500, -18_500)}}`]) {
      const { log, written } = logTo({ format })
      log.child(stderr(text))
      const [line = '', ...more] = written
      assert.equal(more.length, 0)
      assert.match(line, text.includes('error') ? /error/i : /info/i)
      assert.match(line, /\[\[\[/)
    }
  }
})

test('secrets appear neither by name, nor by value, nor inside a foreign error', () => {
  const { log, written } = logTo({ secrets: ['s3cr"et-value', 'short', 'password-1', 'password-1-longer'] })
  const foreign = Object.assign(new Error('connect to http://me:pass-word@host failed'), {
    code: 'ECONNREFUSED',
    config: { auth: 'hidden-1' },
    response: { headers: 'hidden-2' },
  })
  log.line('error', 'text with s3cr"et-value', {
    event: 'agent.failed',
    token: 'hidden-3',
    sasl: { password: 'hidden-4' },
    deep: { password: 'hidden-5' },
  })
  log.line('error', 'x', { event: 'agent.failed', error: foreign })
  log.line('error', 'x', {
    event: 'agent.failed',
    err: new AgentError('UNAVAILABLE', 'cannot reach Consul', { cause: foreign }),
  })
  log.child(stderr('child repeats s3cr"et-value, a short word, password-1-longer'))
  const all = written.join('')
  assert.doesNotMatch(all, /hidden-|et-value|pass-word|stack|-longer/)
  assert.match(all, /a short word/)
  assert.deepEqual((JSON.parse(written[2] ?? '') as Line)['err'], {
    message: 'UNAVAILABLE: cannot reach Consul',
    code: 'UNAVAILABLE',
    cause: { message: 'connect to http://***@host failed', code: 'ECONNREFUSED' },
  })
})

test('a log that cannot be written costs lines alone, and tells how many when it can be', async (t) => {
  const full = openSync('/dev/full', 'w')
  const { log } = logTo({ destination: full })
  const long = 'x'.repeat(60_000)
  for (let said = 0; said < 30; said++) log.child(stderr(`${said} ${long}`))
  // The same descriptor, from here on with room.
  const file = join(tempDir(t), 'log')
  closeSync(full)
  assert.equal(openSync(file, 'w'), full)
  t.after(() => closeSync(full))
  log.line('info', 'room again', { event: 'agent.failed' })
  const lines = await waitFor('the lost lines to be told', () => {
    const found = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    return found.some(({ event }) => event === 'agent.log-lost') && found
  })
  const kept = lines.filter(({ event }) => event === 'process.stderr')
  assert.deepEqual(
    kept.map(({ msg }) => String(msg)),
    kept.map((_, said) => `${said} ${long}`),
  )
  assert.ok(kept.length > 5 && kept.length < 30)
  assert.deepEqual(
    lines.slice(kept.length).map(({ event, lines }) => [event, lines]),
    [
      ['agent.failed', undefined],
      ['agent.log-lost', 30 - kept.length],
    ],
  )
})

test('pretty lines have colours where they are wanted, and cannot move the cursor', () => {
  const shown = (options: Partial<LogOptions>): string => {
    const { log, written } = logTo(options)
    log.child(stderr(JSON.stringify({ msg: 'clear\u001b[2J\nfake' })))
    return written.join('')
  }
  assert.match(shown({ format: 'pretty', colors: true }), /\[3\dm.*INFO/)
  assert.match(shown({ format: 'pretty' }), /INFO \(42\): clear\\x1b\[2J\\x0afake {/)
})
