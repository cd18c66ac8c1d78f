// The configuration, the daemon's own life, and its events.
import type { Daemon } from '../../daemon.ts'
import type { Method } from '../method.ts'
import { groupName, text } from '../parameters.ts'
import type { Define } from '../supervisor.ts'
import { done } from './outcomes.ts'

/** Commands that give nothing back are answered with true. */
const commanded =
  <A extends readonly unknown[]>(command: (...values: A) => void) =>
  (...values: A): true => {
    command(...values)
    return true
  }

/**
 * Methods on the configuration, the life of the daemon, and its events.
 * @param always defines a method that answers while the daemon shuts down, too
 */
export function managementMethods(define: Define, always: Define, daemon: Daemon): Record<string, Method> {
  return {
    reloadConfig: define({
      about: 'Reads the configuration again and tells which groups differ; nothing is applied.',
      params: [],
      returns: { type: 'array', text: 'one array of three: names of groups added, changed and removed' },
      call() {
        const { added, changed, removed } = daemon.reread()
        return [[added, changed, removed]]
      },
    }),
    addProcessGroup: define({
      about: 'Puts a group of the configuration that was read last into force.',
      params: [groupName],
      returns: done,
      call: commanded((name) => daemon.addGroup(name)),
    }),
    removeProcessGroup: define({
      about: 'Takes a stopped group out of force.',
      params: [groupName],
      returns: done,
      call: commanded((name) => daemon.removeGroup(name)),
    }),
    shutdown: define({
      about: 'Stops every process, then the daemon; the answer comes first.',
      params: [],
      returns: done,
      call: commanded(() => daemon.shutdown()),
    }),
    restart: define({
      about: 'Stops every process and begins anew with the configuration as it then is; the answer comes first.',
      params: [],
      returns: done,
      call: commanded(() => daemon.restart()),
    }),
    sendRemoteCommEvent: always({
      about: 'Sends an event to the listeners of REMOTE_COMMUNICATION.',
      params: [text('type', 'the type in the event'), text('data', 'the body of the event')],
      returns: done,
      call: commanded((type, data) => daemon.sendRemoteCommEvent(type, data)),
    }),
  }
}
