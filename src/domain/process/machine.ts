// The life of one process. Only a cell moves a process to another state, and every state answers every event.
// Contract: supervisord's transitions; where ours differ, the cell in transitions.ts says so.
import type { EventOf, EventType, Process, ProcessState, Row, Step } from './state.ts'
import {
  abandon,
  bug,
  callOff,
  complain,
  confirm,
  die,
  dieStarting,
  failSpawn,
  forget,
  forgive,
  ignore,
  insist,
  launch,
  lose,
  progress,
  prove,
  recover,
  refuse,
  relaunch,
  renew,
  retryOrGiveUp,
  settle,
  settlePending,
  spawn,
  stayDown,
  stopAgain,
  stopped,
  terminate,
  watch,
} from './transitions.ts'

const isUp = refuse('ALREADY_STARTED')
const notUp = refuse('NOT_RUNNING')
const stillUp = refuse('ABNORMAL_TERMINATION')
const lost = refuse('FAILED')

/** What most states have no use for: a deadline that lost its race, a late answer; and what cannot reach them. */
const usual = {
  stayedUp: ignore,
  retryDue: ignore,
  stopOverdue: ignore,
  ready: ignore,
  progressed: ignore,
  killFailed: complain,
  abandon: ignore,
  restart: notUp,
  prepared: bug,
  spawned: bug,
  spawnFailed: bug,
}

// prettier-ignore
export const table = {
  //                    commands                                                 facts                                                                                 the one deadline awaited
  STOPPED:  { ...usual, start: launch,  stop: notUp,                              exited: bug                                                                                                    },
  STARTING: { ...usual, start: isUp,    stop: callOff,       abandon: callOff,    exited: dieStarting, spawned: watch, spawnFailed: failSpawn, ready: prove,   progressed: progress, stayedUp: confirm,
                        restart: renew,                                             prepared: spawn                                                                                                },
  RUNNING:  { ...usual, start: isUp,    stop: terminate,     abandon: terminate,  exited: die,                                                 progressed: progress,    stayedUp: recover,
                        restart: renew                                                                                                                                                         },
  BACKOFF:  { ...usual, start: isUp,    stop: settle,        abandon: abandon,    exited: bug,                                                 progressed: forgive,     retryDue: retryOrGiveUp  },
  STOPPING: { ...usual, start: stillUp, stop: stopAgain,     abandon: stayDown,   exited: stopped,                                             killFailed: lose,        stopOverdue: insist      },
  EXITED:   { ...usual, start: launch,  stop: settlePending, abandon: forget,     exited: bug,                                                                          retryDue: relaunch       },
  FATAL:    { ...usual, start: launch,  stop: notUp,                              exited: bug                                                                                                    },
  UNKNOWN:  { ...usual, start: lost,    stop: notUp,                              exited: stopped                                                                                                },
} satisfies Record<ProcessState, Row>

/** One event into one process: the process after it with the wishes that go with it, or a refusal. */
export function step<K extends EventType>(process: Process, event: EventOf<K>): Step {
  const row: Row = table[process.state]
  return row[event.type](process, event)
}
