// Logs of processes and of the daemon. Bytes that are no UTF-8 come as U+FFFD; supervisord answers those with an error.
import type { XmlRpcValue } from '../../../../wire/xmlrpc/values.ts'
import type { Daemon, LogChannel } from '../../daemon.ts'
import type { Method } from '../method.ts'
import { integer, processName } from '../parameters.ts'
import type { Define } from '../supervisor.ts'
import { done, outcomes, outcomeStructs } from './outcomes.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const bytes = { type: 'string', text: 'the bytes, as text' } as const
const span = [
  integer('offset', 'where to begin; negative, with a length of 0: that many bytes from the end'),
  integer('length', 'how many bytes; 0: to the end'),
] as const

/** Methods on the logs of processes and of the daemon. Each call raises what the daemon raises. */
export function logMethods(define: Define, daemon: Daemon): Record<string, Method> {
  const read = (channel: LogChannel): Method =>
    define({
      about: `Reads a piece of the ${channel} log of a process.`,
      params: [processName, ...span],
      returns: bytes,
      call: (name, offset, length) => decoder.decode(daemon.readLog(name, channel, offset, length)),
    })
  const tail = (channel: LogChannel): Method =>
    define({
      about: `Reads the newest bytes of the ${channel} log of a process, beginning at an offset that an earlier call gave.`,
      params: [
        processName,
        integer('offset', 'where to begin'),
        integer('length', 'how many bytes at most; where there are more, the last of them'),
      ],
      returns: { type: 'array', text: 'the bytes as text, the size of the log, and whether there were more bytes' },
      call(name, from, length): XmlRpcValue {
        const { bytes: found, offset, overflow } = daemon.tailLog(name, channel, from, length)
        return [decoder.decode(found), offset, overflow]
      },
    })
  const readMain = define({
    about: 'Reads a piece of the main log.',
    params: [...span],
    returns: bytes,
    call: (offset, length) => decoder.decode(daemon.readMainLog(offset, length)),
  })
  const clear = define({
    about: 'Empties the stdout and stderr logs of a process.',
    params: [processName],
    returns: done,
    call(name) {
      daemon.clearLogs(name)
      return true
    },
  })
  const [readStdout, tailStdout] = [read('stdout'), tail('stdout')]
  return {
    readLog: readMain,
    readMainLog: readMain,
    clearLog: define({
      about: 'Empties the main log.',
      params: [],
      returns: done,
      call() {
        daemon.clearMainLog()
        return true
      },
    }),
    readProcessStdoutLog: readStdout,
    readProcessLog: readStdout,
    readProcessStderrLog: read('stderr'),
    tailProcessStdoutLog: tailStdout,
    tailProcessLog: tailStdout,
    tailProcessStderrLog: tail('stderr'),
    clearProcessLogs: clear,
    clearProcessLog: clear,
    clearAllProcessLogs: define({
      about: 'Empties the logs of every process.',
      params: [],
      returns: outcomes,
      call: () => outcomeStructs(daemon.clearAllLogs()),
    }),
  }
}
