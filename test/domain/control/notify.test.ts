import assert from 'node:assert/strict'
import { test } from 'node:test'
import { controlMessage } from '../../../src/domain/control/message.ts'
import { notifyLines } from '../../../src/domain/control/notify.ts'

const messages = (datagram: string): unknown[] => notifyLines(datagram).map((line) => controlMessage(line, false))

test('assignments become messages of the control channel', () => {
  assert.deepEqual(messages('READY=1\nSTATUS=at work: a=b "c"\nWATCHDOG=1\nSTOPPING=1'), [
    { type: 'ready' },
    { type: 'state', text: 'at work: a=b "c"' },
    { type: 'heartbeat' },
    { type: 'stopping' },
  ])
})

test('what means nothing here is passed over', () => {
  for (const datagram of ['', 'READY', 'READY=0', 'ready=1', '=1', 'MAINPID=7', 'FDSTORE=1', 'WATCHDOG=trigger', '\0'])
    assert.deepEqual(messages(datagram), [], datagram)
})
