import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { consulDsn, kafkaDsn, listenAddress } from '../../src/config/addresses.ts'
import type { ValueType } from '../../src/config/types.ts'
import * as types from '../../src/config/types.ts'
import { variables } from '../../src/config/variables.ts'

interface Case {
  readonly name: string
  readonly type: ValueType<unknown>
  readonly good: readonly (readonly [raw: string, value: unknown])[]
  readonly bad: readonly string[]
}

const broker = (...brokers: string[]): unknown => ({ brokers, tls: false, username: null, password: null })

const cases: readonly Case[] = [
  {
    name: 'duration',
    type: types.duration(),
    good: [['300ms', 300], ['3s', 3_000], ['1m30s', 90_000], ['2h', 7_200_000], ['3', 3_000], ['0.5', 500], ['1.5s', 1_500], ['0', 0]], // prettier-ignore
    bad: ['3 parsecs', '-1s', 's', '3 s', '1d', '1e3', '', '3s!', '1m 30s', '577h', 'Infinity'],
  },
  { name: 'duration with a least', type: types.duration(1_000), good: [['1s', 1_000]], bad: ['999ms', '0'] },
  {
    name: 'bytes',
    type: types.bytes,
    good: [['4096', 4_096], ['64MiB', 67_108_864], ['1MB', 1_000_000], ['1.5KiB', 1_536], ['2gi', 2 ** 31], ['10 kb', 10_000]], // prettier-ignore
    bad: ['64M', '0', '-1', 'MiB', '1TiBs', '', '9999999999GiB'],
  },
  { name: 'integer', type: types.integer(-1), good: [['-1', -1], ['0', 0], ['12', 12]], bad: ['-2', '1.5', 'x', '0x10', '1e3'] }, // prettier-ignore
  {
    name: 'boolean',
    type: types.boolean,
    good: [['true', true], ['1', true], ['YES', true], ['on', true], ['false', false], ['0', false], ['no', false], ['Off', false]], // prettier-ignore
    bad: ['2', 'y', 'enabled', ''],
  },
  { name: 'choice', type: types.choice('relay', 'one-to-one'), good: [['relay', 'relay'], ['One-To-One', 'one-to-one']], bad: ['keyed'] }, // prettier-ignore
  { name: 'identity', type: types.identity, good: [['4f1dfd7a', '4f1dfd7a'], ['Ü.x_y', 'Ü.x_y']], bad: ['a/b', 'a b', 'a\tb', 'a\u0007', 'x'.repeat(201)] }, // prettier-ignore
  { name: 'topic', type: types.topic, good: [['a.b_c-1', 'a.b_c-1']], bad: ['..', '.', 'a b', 'ä', 'x'.repeat(250)] },
  {
    name: 'list',
    type: types.listOf(types.topic),
    good: [
      ['a', ['a']],
      ['a, b,a', ['a', 'b']],
    ],
    bad: ['a,,b', ',', 'a b'],
  },
  { name: 'list or none', type: types.listOrNone(types.listOf(types.text)), good: [['none', []], ['A,B', ['A', 'B']]], bad: ['A,,B'] }, // prettier-ignore
  {
    name: 'position',
    type: types.position,
    good: [['earliest', 'earliest'], ['LATEST', 'latest'], ['2026-01-31T08:00:00Z', Date.UTC(2026, 0, 31, 8)], ['2026-01-31T08:00:00.5+01:00', Date.UTC(2026, 0, 31, 7, 0, 0, 500)]], // prettier-ignore
    bad: ['2026-01-31', 'yesterday', '1700000000', '2026-13-31T08:00:00Z', '2026-02-30T00:00:00Z', '2026-01-31T08:00:00'], // prettier-ignore
  },
  { name: 'address', type: types.address, good: [['10.0.0.1', '10.0.0.1'], ['fe80::1', 'fe80::1'], ['host-1.x', 'host-1.x']], bad: ['h:1', 'a b', 'http://h'] }, // prettier-ignore
  { name: 'path', type: types.absolutePath, good: [['/etc/x', '/etc/x']], bad: ['etc/x', './x'] },
  {
    name: 'KAFKA_DSN',
    type: kafkaDsn,
    good: [
      ['localhost:9092', broker('localhost:9092')],
      ['a:1,b:2, c', broker('a:1', 'b:2', 'c:9092')],
      ['kafka://a:1/', broker('a:1')],
      ['[::1]:9093', broker('[::1]:9093')],
      ['kafka://me:p%40ss:x@a:1,b:2', { brokers: ['a:1', 'b:2'], tls: false, username: 'me', password: 'p@ss:x' }],
      ['kafka+tls://a', { brokers: ['a:9092'], tls: true, username: null, password: null }],
      ['kafka+tls://me@a', { brokers: ['a:9092'], tls: true, username: 'me', password: null }],
    ],
    bad: ['', 'a:b', 'http://a:1', 'PLAINTEXT://a:1', 'a:1,', 'a:99999', 'a:1;b:2', '::1:9092', 'kafka://me:%zz@a', 'kafka://me:@a', 'kafka://a/topic'], // prettier-ignore
  },
  {
    name: 'CONSUL_DSN',
    type: consulDsn,
    good: [
      ['localhost:8500', { host: 'localhost', port: 8500, secure: false }],
      ['consul', { host: 'consul', port: 8500, secure: false }],
      ['http://c:1/', { host: 'c', port: 1, secure: false }],
      ['https://c', { host: 'c', port: 443, secure: true }],
      ['[::1]:8500', { host: '::1', port: 8500, secure: false }],
    ],
    bad: ['ftp://c:1', 'c:x', 'http://c:1/v1', 'http://u:p@c:1', 'unix:///run/consul.sock', 'a:1,b:2'],
  },
  {
    name: 'HTTP_LISTEN',
    type: listenAddress,
    good: [[':8080', { host: null, port: 8080 }], ['0', { host: null, port: 0 }], ['127.0.0.1:9', { host: '127.0.0.1', port: 9 }], ['[::]:80', { host: '::', port: 80 }], ['OFF', null]], // prettier-ignore
    bad: ['localhost', ':', ':65536', 'http://:80', '::1:80'],
  },
  {
    name: 'LOG_LEVEL',
    type: variables.LOG_LEVEL.type,
    good: [
      ['warning', 'warn'],
      ['critical', 'fatal'],
      ['blather', 'trace'],
      ['INFO', 'info'],
      ['silent', 'silent'],
    ],
    bad: ['verbose', '3', 'constructor'],
  },
  { name: 'TERMINATION_LOG', type: variables.TERMINATION_LOG.type, good: [['/dev/x', '/dev/x'], ['Off', 'off']], bad: ['log', './off'] }, // prettier-ignore
  { name: 'autorestart', type: variables.CALCULATOR_AUTORESTART.type, good: [['yes', true], ['unexpected', 'unexpected'], ['0', false]], bad: ['always'] }, // prettier-ignore
  { name: 'CONSUL_NAME_TPL', type: variables.CONSUL_NAME_TPL.type, good: [['%s', '%s'], ['a-%s-b', 'a-%s-b']], bad: ['a', '%s%s', '%d', '%s-100%'] }, // prettier-ignore
  { name: 'CONSUL_DIR', type: variables.CONSUL_DIR.type, good: [['/a/b/', '/a/b/']], bad: ['/', 'a b'] },
]

for (const { name, type, good, bad } of cases) {
  test(`${name} reads what it promises`, () => {
    for (const [raw, value] of good) assert.deepEqual(type.parse(raw), value, raw)
  })
  test(`${name} refuses the rest and says what it expects`, () => {
    for (const raw of bad) assert.throws(() => type.parse(raw), /^Error: should be ./, raw)
  })
}

test('a duration is the sum of its parts, in any spelling', () => {
  const part = fc.integer({ min: 0, max: 500 })
  fc.assert(
    fc.property(part, part, part, part, (h, m, s, ms) => {
      assert.equal(types.duration().parse(`${h}h${m}m${s}s${ms}ms`), ((h * 60 + m) * 60 + s) * 1_000 + ms)
    }),
  )
})

test('no text makes a type throw anything but its own expectation', () => {
  const all = Object.entries(variables)
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.string({ unit: 'binary' }), ([, variable], raw) => {
      try {
        variable.type.parse(raw)
      } catch (error) {
        assert.match(String(error), /^Error: should be ./)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('every default fits its own type', () => {
  for (const [name, variable] of Object.entries(variables)) {
    const { default: byDefault } = variable
    if (byDefault !== null) assert.doesNotThrow(() => variable.type.parse(byDefault), name)
    assert.match(variable.says, /^\S.*\.$/, name)
  }
})
