import type { Config } from '../config/config.ts'
import type { StreamParts } from '../engine/stream/stream-parts.ts'
import type { Log } from '../log.ts'

/** What a stream is built with where the Calculator has a control channel. `ready`: it said that it is. */
export function controlParts(
  { calculator: { control } }: Config,
  log: Pick<Log, 'child'>,
  namespec: string,
  ready: () => void,
): Pick<StreamParts, 'control'> {
  if (control === null) return {}
  const { awaitsReady, acks } = control
  const logged = (pid: number, text: string): void => log.child({ stream: 'control', namespec, pid, text, cut: false })
  return { control: { awaitsReady, acks, ready, log: logged } }
}
