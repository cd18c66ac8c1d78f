import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { EventBus } from '../../../../src/faces/supervisord/events/event-bus.ts'
import { ListenerPool } from '../../../../src/faces/supervisord/events/listener-pool.ts'
import { startTicks } from '../../../../src/faces/supervisord/events/ticks.ts'
import { MainLog } from '../../../../src/faces/supervisord/main-log/main-log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

function pool(bufferSize = 10, types = ['EVENT']) {
  const bus = new EventBus()
  const lines: string[] = []
  const writer = {
    write: (bytes: Uint8Array) => lines.push(Buffer.from(bytes).toString().slice(24).trimEnd()) > 0,
    reopen: () => undefined,
    clear: () => undefined,
    close: () => undefined,
  }
  const clock = new FakeClock()
  const mainLog = new MainLog({ level: 'warn', clock, writers: [writer], syslog: null, written: () => undefined })
  const serials = { next: 0 }
  const made = new ListenerPool({ name: 'p', identifier: 'id', bufferSize, types, bus, mainLog, serials })
  const listener = (name: string) => {
    const member = {
      name,
      sent: [] as string[],
      running: true,
      isRunning: () => member.running,
      send: (bytes: Uint8Array) => member.sent.push(Buffer.from(bytes).toString()) > 0,
      says: (text: string) => made.heard(member, Buffer.from(text)),
    }
    made.join(member)
    return member
  }
  return { bus, clock, lines, pool: made, listener }
}

test('an event goes to one listener that is ready, with its length in characters', async () => {
  const { bus, listener } = pool()
  const [one, two] = [listener('one'), listener('two')]
  bus.notify('REMOTE_COMMUNICATION', 'type:t\nøå€😀\n')
  one.says('READY\n')
  two.says('READY\n')
  await turn()
  assert.deepEqual(one.sent, [
    'ver:3.0 server:id serial:0 pool:p poolserial:0 eventname:REMOTE_COMMUNICATION len:12\ntype:t\nøå€😀\n',
  ])
  assert.deepEqual(two.sent, [])
  bus.notify('TICK_5', 'when:5')
  await turn()
  assert.equal(two.sent.length, 1)
})

test('a rejected event, and one whose listener died, is given again with its numbers', async () => {
  const { bus, listener, pool: made } = pool()
  const one = listener('one')
  bus.notify('TICK_5', 'when:5')
  one.says('READY\n')
  await turn()
  one.says('RESULT 4\nFAILREADY\n')
  await turn()
  made.ended(one)
  made.started(one)
  one.says('READY\n')
  await turn()
  assert.equal(one.sent.length, 3)
  assert.deepEqual(new Set(one.sent).size, 1)
})

test('when the buffer is full the oldest event is dropped, and told', () => {
  const { bus, lines } = pool(2)
  for (const when of [5, 10, 15]) bus.notify('TICK_5', `when:${when}`)
  assert.deepEqual(lines, ['ERRO pool p event buffer overflowed, discarding event 0'])
})

test('only what is subscribed to is counted', async () => {
  const { bus, listener } = pool(10, ['PROCESS_STATE', 'TICK_60'])
  const one = listener('one')
  one.says('READY\n')
  for (const type of ['TICK_5', 'PROCESS_LOG_STDOUT', 'PROCESS_STATE_RUNNING']) bus.notify(type, '')
  await turn()
  assert.deepEqual(
    one.sent.map((text) => /eventname:(\S+) /.exec(text)?.[1]),
    ['PROCESS_STATE_RUNNING'],
  )
  assert.match(one.sent[0] ?? '', /serial:0 pool:p poolserial:0/)
})

test('a listener that is not RUNNING gets nothing', async () => {
  const { bus, listener } = pool()
  const one = listener('one')
  one.running = false
  one.says('READY\n')
  bus.notify('TICK_5', '')
  await turn()
  assert.deepEqual(one.sent, [])
})

test('ticks tell the slice of the wall clock, once each', async () => {
  const { bus, clock } = pool()
  const heard: string[] = []
  bus.subscribe(['TICK'], ({ type, payload }) => heard.push(`${type} ${payload}`))
  const stop = startTicks(bus, clock)
  await clock.advance(61_000)
  stop()
  const fives = heard.filter((tick) => tick.startsWith('TICK_5'))
  assert.equal(fives.length, 12)
  assert.match(fives[0] ?? '', /^TICK_5 when:\d+[05]$/)
  assert.equal(heard.filter((tick) => tick.startsWith('TICK_60')).length, 1)
  assert.equal(clock.pending, 0)
})

test('a pool is idle when all is answered, or when nobody is left to answer', async () => {
  const { bus, listener, pool: made } = pool()
  await made.idle()
  const one = listener('one')
  bus.notify('TICK_5', 'when:5')
  bus.notify('TICK_5', 'when:10')
  let [isIdle, isLeft] = [false, false]
  void made.idle().then(() => (isIdle = true))
  one.says('READY\n')
  await turn()
  one.says('RESULT 2\nOKREADY\n')
  await turn()
  assert.deepEqual([one.sent.length, isIdle], [2, false])
  one.says('RESULT 2\nOK')
  await turn()
  assert.equal(isIdle, true)
  bus.notify('TICK_5', 'when:15')
  void made.idle().then(() => (isLeft = true))
  await turn()
  assert.equal(isLeft, false)
  // As it is told: the news comes before the state.
  made.ended(one)
  one.running = false
  await turn()
  assert.equal(isLeft, true)
})
