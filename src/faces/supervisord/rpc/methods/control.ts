// Starting, stopping, signalling, and what goes to a process's stdin.
import { AgentError } from '../../../../domain/errors.ts'
import type { Daemon, Outcome } from '../../daemon.ts'
import { splitNamespec } from '../../namespec.ts'
import type { Define } from '../supervisor.ts'
import type { Method } from '../method.ts'
import { characters, flag, groupName, string, text } from '../parameters.ts'
import { done, outcomes, outcomeStructs } from './outcomes.ts'

const processOrGroup = string('name', 'the process, as name or group:name; group:* is all of a group')
const untilUp = flag('wait', 'answer when it is RUNNING, not before')
const untilDown = flag('wait', 'answer when it has stopped, not before')
const signal = text('signal', 'name or number, such as HUP or 1')

/** Methods that start, stop and signal, and what is written to a stdin. Each call raises what the daemon raises. */
export function controlMethods(define: Define, daemon: Daemon): Record<string, Method> {
  return {
    startProcess: define({
      about: 'Starts one process, or those of a group that are not up.',
      params: [processOrGroup, untilUp],
      returns: done,
      call: (name, wait) =>
        oneOrGroup(name, {
          one: () => daemon.startProcess(name, { wait }),
          all: (group) => daemon.startGroup(group, { wait }),
        }),
    }),
    startProcessGroup: define({
      about: 'Starts the processes of a group that are not up.',
      params: [groupName, untilUp],
      returns: outcomes,
      call: async (name, wait) => outcomeStructs(await daemon.startGroup(name, { wait })),
    }),
    startAllProcesses: define({
      about: 'Starts all processes that are not up.',
      params: [untilUp],
      returns: outcomes,
      call: async (wait) => outcomeStructs(await daemon.startAll({ wait })),
    }),
    stopProcess: define({
      about: 'Stops one process, or those of a group that are up.',
      params: [processOrGroup, untilDown],
      returns: done,
      call: (name, wait) =>
        oneOrGroup(name, {
          one: () => daemon.stopProcess(name, { wait }),
          all: (group) => daemon.stopGroup(group, { wait }),
        }),
    }),
    stopProcessGroup: define({
      about: 'Stops the processes of a group that are up.',
      params: [groupName, untilDown],
      returns: outcomes,
      call: async (name, wait) => outcomeStructs(await daemon.stopGroup(name, { wait })),
    }),
    stopAllProcesses: define({
      about: 'Stops all processes that are up.',
      params: [untilDown],
      returns: outcomes,
      call: async (wait) => outcomeStructs(await daemon.stopAll({ wait })),
    }),
    signalProcess: define({
      about: 'Sends a signal to one process, or to those of a group that have a child.',
      params: [processOrGroup, signal],
      returns: done,
      call: (name, sent) =>
        oneOrGroup(name, {
          one: () => daemon.signalProcess(name, sent),
          all: (group) => daemon.signalGroup(group, sent),
        }),
    }),
    signalProcessGroup: define({
      about: 'Sends a signal to the processes of a group that have a child.',
      params: [groupName, signal],
      returns: outcomes,
      call: (name, sent) => outcomeStructs(daemon.signalGroup(name, sent)),
    }),
    signalAllProcesses: define({
      about: 'Sends a signal to all processes that have a child.',
      params: [signal],
      returns: outcomes,
      call: (sent) => outcomeStructs(daemon.signalAll(sent)),
    }),
    sendProcessStdin: define({
      about: 'Writes to the stdin of a process; text goes as UTF-8.',
      params: [processOrGroup, characters('chars', 'what to write')],
      returns: done,
      async call(name, bytes) {
        await daemon.sendStdin(name, bytes)
        return true
      },
    }),
  }
}

interface Commands {
  readonly one: () => void | Promise<void>
  readonly all: (group: string) => readonly Outcome[] | Promise<readonly Outcome[]>
}

/** `group:*` and `group:` mean the whole group; its being unknown is told with the name as it was given. */
async function oneOrGroup(name: string, { one, all }: Commands): Promise<ReturnType<typeof outcomeStructs>> {
  const { group, process } = splitNamespec(name)
  if (process !== null) {
    await one()
    return true
  }
  try {
    return outcomeStructs(await all(group))
  } catch (cause) {
    if (cause instanceof AgentError && cause.code === 'BAD_NAME') throw new AgentError('BAD_NAME', name, { cause })
    throw cause
  }
}
