import type { NumberedEvent } from '../../../engine/snapshot.ts'
import { notifyState } from '../events/state-events.ts'
import { outlivedLine, processLine, type Line } from '../main-log/process-lines.ts'
import type { Roster } from './roster.ts'
import type { StateWatch } from './state-watch.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Turns the engine's facts about processes into events, lines of the main log, and news for who waits.
 * @param ended a process gave up or exited
 */
export function hearing(
  roster: Roster,
  watch: StateWatch,
  { bus, mainLog }: Surroundings,
  ended: (namespec: string) => void,
): (event: NumberedEvent) => void {
  const write = (line: Line | null): void => {
    if (line) mainLog.line(line.level, line.text)
  }
  return (event) => {
    write(outlivedLine(event))
    const namespec = event.fields['process']
    if (typeof namespec !== 'string' || !event.event.startsWith('process.')) return
    const { name, group, startsecs, stopasgroup, stop } = roster.handled(namespec).spec
    notifyState(bus, event, name, group)
    write(processLine(event, { name, startsecs, stopasgroup, stopsignal: stop[0]?.action ?? '' }))
    roster.known(namespec)?.upkeep.heard(event)
    // A listener that is RUNNING may be given what waits.
    if (event.event === 'process.running' && roster.has(group)) roster.group(group).pool?.dispatch()
    watch.changed(namespec)
    // After the turn that it happened in.
    if (event.event === 'process.fatal' || event.event === 'process.exited') queueMicrotask(() => ended(namespec))
  }
}
