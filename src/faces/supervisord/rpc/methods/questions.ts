// What is asked of the daemon and its processes.
import { arrayValue } from '../../../../wire/xmlrpc/encode.ts'
import { daemonStateCode, type Daemon } from '../../daemon.ts'
import { API_VERSION, SUPERVISOR_VERSION } from '../../versions.ts'
import { configStruct } from '../config-info.ts'
import { EncodedValue, type Method } from '../method.ts'
import { processName } from '../parameters.ts'
import { processStruct, processXml } from '../process-info.ts'
import type { Define } from '../supervisor.ts'

/** Methods that change nothing. Each call raises what the daemon raises. */
export function questionMethods(define: Define, daemon: Daemon): Record<string, Method> {
  const apiVersion = define({
    about: 'The version of this interface.',
    params: [],
    returns: { type: 'string', text: 'the version' },
    call: () => API_VERSION,
  })
  return {
    getAPIVersion: apiVersion,
    getVersion: apiVersion,
    getSupervisorVersion: define({
      about: 'The release of supervisord whose behaviour this is.',
      params: [],
      returns: { type: 'string', text: 'the version' },
      call: () => SUPERVISOR_VERSION,
    }),
    getIdentification: define({
      about: 'The identifier of the configuration.',
      params: [],
      returns: { type: 'string', text: 'the identifier' },
      call: () => daemon.identifier,
    }),
    getState: define({
      about: 'The state of the daemon itself.',
      params: [],
      returns: { type: 'struct', text: 'statecode and statename' },
      call() {
        const state = daemon.state()
        return { statecode: daemonStateCode[state], statename: state }
      },
    }),
    getPID: define({
      about: 'The process id of the daemon.',
      params: [],
      returns: { type: 'int', text: 'the pid' },
      call: () => daemon.pid,
    }),
    getProcessInfo: define({
      about: 'The state of one process.',
      params: [processName],
      returns: { type: 'struct', text: 'names, times, state, logs, pid and a description' },
      call: (name) => processStruct(daemon.process(name)),
    }),
    getAllProcessInfo: define({
      about: 'The state of every process, sorted by group and name.',
      params: [],
      returns: { type: 'array', text: 'structs as getProcessInfo gives them' },
      call: () => new EncodedValue(arrayValue(daemon.processes().map(processXml))),
    }),
    getAllConfigInfo: define({
      about: 'Every process of the configuration that was read last, in force or not.',
      params: [],
      returns: { type: 'array', text: 'a struct per process' },
      call: () => daemon.configs().map(configStruct),
    }),
  }
}
