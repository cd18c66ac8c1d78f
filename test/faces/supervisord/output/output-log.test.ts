import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChildOutput } from '../../../../src/engine/ports.ts'
import type { ChannelLog, SupervisordSettings } from '../../../../src/faces/supervisord/config/types.ts'
import { EventBus } from '../../../../src/faces/supervisord/events/event-bus.ts'
import { MainLog } from '../../../../src/faces/supervisord/main-log/main-log.ts'
import { Followers } from '../../../../src/faces/supervisord/output/followers.ts'
import { OutputLog } from '../../../../src/faces/supervisord/output/output-log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

interface Kept {
  readonly log: OutputLog
  /** What was written to the file. */
  readonly text: () => string
  /** Events, as `TYPE last line`. */
  readonly heard: readonly string[]
}

function outputLog(settings: Partial<ChannelLog> = {}): Kept {
  const clock = new FakeClock()
  let text = ''
  const writer = {
    write: (bytes: Uint8Array) => (text += Buffer.from(bytes).toString()) !== '',
    reopen: () => undefined,
    clear: () => undefined,
    close: () => undefined,
  }
  const bus = new EventBus()
  const heard: string[] = []
  bus.subscribe(['EVENT'], ({ type, payload }) => heard.push(`${type} ${payload.split('\n').at(-1) ?? ''}`))
  const channelLog: ChannelLog = {
    logfile: { kind: 'file', path: '/log' },
    maxBytes: 0,
    backups: 0,
    compress: false,
    captureMaxBytes: 0,
    eventsEnabled: false,
    syslog: false,
    ...settings,
  }
  const log = new OutputLog(
    { name: 'cat', group: 'cat' },
    'stdout',
    channelLog,
    '/log',
    { isListener: false, format: 'raw' },
    {
      settings: { stripAnsi: false } as SupervisordSettings,
      clock,
      logs: { open: () => writer, create: () => '/log', syslog: null },
      mainLog: new MainLog({ level: 'info', clock, writers: [], syslog: null, written: () => undefined }),
      bus,
      serials: { next: 0 },
      followers: new Followers(clock),
    },
  )
  return { log, text: () => text, heard }
}

/** An incarnation that says so much, and dies. */
function says(log: OutputLog, pid: number, text: string): void {
  const output: ChildOutput = {
    listen: (listener) => {
      listener.data(Buffer.from(text))
      listener.end()
    },
    pause: () => undefined,
    resume: () => undefined,
    destroy: () => undefined,
    unread: () => null,
  }
  log.open()
  log.follow(output, pid, null)
  log.close()
}

test('a capture that its child did not end, ends with the child', () => {
  const { log, text, heard } = outputLog({ captureMaxBytes: 100 })
  says(log, 1, 'first\n<!--XSUPERVISOR:BEGIN-->half a')
  says(log, 2, 'second\n<!--XSUPERVISOR:BEGIN-->whole<!--XSUPERVISOR:END-->')
  assert.equal(text(), 'first\nsecond\n')
  assert.deepEqual(heard, ['PROCESS_COMMUNICATION_STDOUT whole'])
})
