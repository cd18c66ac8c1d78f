import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { realPython } from '../config/real-supervisord.ts'
import { startDaemon } from './two-daemons.ts'

const skip = realPython() === null && 'needs python3 with the module supervisor (Debian: apt-get install supervisor)'

const programs = `
[program:cat]
command=cat
startsecs=0
stopwaitsecs=1
[program:echo]
command=sh -c "echo 0123456789abcdefü; exec sleep 1000"
stdout_logfile=%(here)s/echo.log
startsecs=0
stopwaitsecs=1
[program:nolog]
command=sleep 1000
stdout_logfile=NONE
stderr_logfile=NONE
startsecs=0
stopwaitsecs=1
[program:deaf]
command=sh -c "exec <&-; echo deaf; exec sleep 1000"
startsecs=0
stopwaitsecs=1
[program:gone]
command=sleep 1000
stdout_logfile=%(here)s/gone.log
autostart=false
[program:missing]
command=/no/such/binary
autostart=false
[program:notexec]
command=/etc/passwd
autostart=false
[program:badcmd]
command=sh -c "x
autostart=false
[program:off]
command=sleep 1000
autostart=false
startsecs=0
stopwaitsecs=1
[program:multi]
command=sleep 1000
numprocs=2
process_name=%(program_name)s_%(process_num)02d
startsecs=0
stopwaitsecs=1
`

type Call = readonly [method: string, ...params: XmlRpcValue[]]

const readings: readonly (readonly [XmlRpcValue, XmlRpcValue])[] = [
  [0, 0],
  [0, 5],
  [-5, 0],
  [-5, 5],
  [0, -1],
  [5, 0],
  [99_999, 0],
  [99_999, 5],
  [-99_999, 0],
  ['0', '5'],
  [2.7, 0],
]

// Left out is what takes the real one long: it clears the logs of all at one process per second, and a process that it
// has just started does not hear a stop. At the end every process is stopped.
// prettier-ignore
const calls: readonly Call[] = [
  ['supervisor'], ['a.b.c'], ['supervisor._update', 'x'], ['supervisor.nope'], ['system.nope'], ['system.listMethods'],
  ['supervisor.getAPIVersion'], ['supervisor.getSupervisorVersion'], ['supervisor.getIdentification'],
  ['supervisor.getState'], ['supervisor.getPID', 1], ['supervisor.startProcess'],
  ...['cat', 'nope', 'nope:*', 'multi', 'multi:', 'multi:*', 'multi:nope', 'cat:cat', 'cat:*', 'missing', 'notexec', 'badcmd', 'off']
    .map((name): Call => ['supervisor.startProcess', name]),
  ...['off', 'off', 'nope', 'nope:*', 'multi:*', 'multi:*'].map((name): Call => ['supervisor.stopProcess', name]),
  ['supervisor.startProcess', 'off', false], ['supervisor.stopProcess', 'off', 1],
  ['supervisor.startProcessGroup', 'multi'], ['supervisor.startProcessGroup', 'multi:*'],
  ['supervisor.startProcessGroup', 'nope'], ['supervisor.stopProcessGroup', 'nope'],
  ['supervisor.signalProcess', 'cat', 'FOO'], ['supervisor.signalProcess', 'cat', 99], ['supervisor.signalProcess', 'cat', 18], ['supervisor.signalProcess', 'cat', ''],
  ['supervisor.signalProcess', 'cat', '18'], ['supervisor.signalProcess', 'cat', 'SIGCONT'],
  ['supervisor.signalProcess', 'off', 'CONT'], ['supervisor.signalProcess', 'multi:*', 'FOO'],
  ['supervisor.signalProcess', 'nope:*', 'CONT'], ['supervisor.signalProcessGroup', 'multi', 'cont'],
  ['supervisor.signalProcessGroup', 'nope', 'cont'], ['supervisor.signalAllProcesses', 'FOO'], ['supervisor.signalAllProcesses', 'CONT'],
  ['supervisor.getProcessInfo', ''], ['supervisor.getProcessInfo', 'cat'], ['supervisor.getProcessInfo', 'cat:*'], ['supervisor.getProcessInfo', 'multi'],
  ['supervisor.getAllProcessInfo'], ['supervisor.getAllConfigInfo'],
  ...['readProcessLog', 'readProcessStderrLog', 'tailProcessLog', 'tailProcessStderrLog'].flatMap((name): Call[] => [
    ...readings.map(([offset, length]): Call => [`supervisor.${name}`, 'echo', offset, length]),
    [`supervisor.${name}`, 'nope', 0, 0], [`supervisor.${name}`, 'multi:*', 0, 0], [`supervisor.${name}`, 'echo', 0],
  ]),
  ['supervisor.readProcessLog', 'nolog', 0, 0], ['supervisor.readProcessStderrLog', 'nolog', -5, 5],
  ['supervisor.readProcessLog', 'gone', 0, 0], ['supervisor.readProcessLog', 'gone', -5, 5],
  ['supervisor.tailProcessLog', 'gone', 0, 0], ['supervisor.tailProcessLog', 'nolog', 0, 0], ['supervisor.readLog', -5, 5], ['supervisor.readLog', 0, -1],
  ['supervisor.readLog', 99_999_999, 0], ['supervisor.clearLog'], ['supervisor.readLog', 0, 0],
  ...['nope', 'multi:*', 'nolog', 'echo'].map((name): Call => ['supervisor.clearProcessLogs', name]),
  ['supervisor.readProcessLog', 'echo', 0, 0],
  ['supervisor.sendProcessStdin', 'cat', 'x\n'], ['supervisor.sendProcessStdin', 'off', 'x'],
  ['supervisor.sendProcessStdin', 'deaf', 'x'],
  ['supervisor.sendProcessStdin', 'nope', 'x'], ['supervisor.sendProcessStdin', 'multi:*', 'x'],
  ['supervisor.sendRemoteCommEvent', 'a', 'b'],
  ['supervisor.addProcessGroup', 'cat'], ['supervisor.addProcessGroup', 'nope'], ['supervisor.removeProcessGroup', 'cat'],
  ['supervisor.removeProcessGroup', 'nope'], ['supervisor.removeProcessGroup', 'off'], ['supervisor.getProcessInfo', 'off'],
  ['supervisor.reloadConfig'], ['supervisor.addProcessGroup', 'off'], ['supervisor.getProcessInfo', 'off'],
  ['system.methodHelp', 'x'], ['system.methodSignature', 'x'], ['system.methodSignature', 'system.multicall'],
  ['system.multicall', []], ['system.multicall'],
  ['system.multicall', [
    { methodName: 'supervisor.getPID', params: [1] },
    { methodName: 'supervisor.stopProcess', params: ['cat'] },
    { params: [] },
    { methodName: 'system.multicall', params: [[]] },
    { methodName: 'nope' },
    { methodName: 'supervisor.startProcess', params: ['off'] },
    { methodName: '' },
    { methodName: null },
  ]],
  ['supervisor.startAllProcesses'], ['supervisor.stopAllProcesses'],
]

test('the real supervisord answers every call the same', { skip, timeout: 240_000 }, async (t) => {
  const both = await Promise.all([startDaemon(t, 'real', programs), startDaemon(t, 'ours', programs)])
  for (const ask of both) {
    for (const name of ['echo', 'deaf']) {
      const log = async (): Promise<string> => String(await ask('supervisor.readProcessLog', [name, 0, 0]))
      await waitFor(`the log of ${name}`, async () => /^(0123456789|deaf)/.test(await log()))
    }
  }
  for (const [method, ...params] of calls) {
    const [real, ours] = await Promise.all(both.map((ask) => ask(method, params)))
    assert.deepEqual(ours, real, `${method}(${JSON.stringify(params)})`)
  }
})
