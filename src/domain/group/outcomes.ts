// What follows from each error that a group coordinator answers with. Nothing else in the agent decides that.

export type GroupRequest = 'join' | 'sync' | 'heartbeat' | 'commit'

export type Outcome =
  /** A rebalance is on: take part in it at once, with everything that is owned. */
  | 'rejoin'
  /** The generation went on without us: what was owned is lost. Join again under the same member id. */
  | 'restart'
  /** There is no such member any more: what was owned is lost. Join as a new one. */
  | 'renew'
  /** Another process took our GROUP_INSTANCE_ID: what was owned is lost. Stay out while it is there. */
  | 'fenced'
  /** The coordinator wants the member id that it has just given. */
  | 'identify'
  /** The membership stands: the same again after a pause, told as a problem until it succeeds. */
  | 'again'
  /** A commit: once more in the generation that comes out of the rebalance. */
  | 'later'
  /** A commit: never. */
  | 'refuse'

type Row = Readonly<Record<GroupRequest, Outcome>>

const moved: Row = { join: 'again', sync: 'again', heartbeat: 'again', commit: 'again' }
const other: Row = { join: 'again', sync: 'again', heartbeat: 'again', commit: 'refuse' }

// prettier-ignore
const outcomes: Readonly<Record<string, Row>> = {
  MEMBER_ID_REQUIRED:              { join: 'identify', sync: 'renew',   heartbeat: 'renew',   commit: 'refuse' },
  REBALANCE_IN_PROGRESS:           { join: 'rejoin',   sync: 'rejoin',  heartbeat: 'rejoin',  commit: 'later'  },
  ILLEGAL_GENERATION:              { join: 'restart',  sync: 'restart', heartbeat: 'restart', commit: 'later'  },
  UNKNOWN_MEMBER_ID:               { join: 'renew',    sync: 'renew',   heartbeat: 'renew',   commit: 'renew'  },
  FENCED_INSTANCE_ID:              { join: 'fenced',   sync: 'fenced',  heartbeat: 'fenced',  commit: 'fenced' },
  NOT_COORDINATOR_FOR_GROUP:       moved,
  GROUP_COORDINATOR_NOT_AVAILABLE: moved,
  GROUP_LOAD_IN_PROGRESS:          moved,
  REQUEST_TIMED_OUT:               moved,
  CONCURRENT_TRANSACTIONS:         moved,
  GROUP_AUTHORIZATION_FAILED:      other,
  INCONSISTENT_GROUP_PROTOCOL:     other,
}

/** `error`: the broker's name of it; null for a connection that failed before the answer. */
export const outcomeOf = (request: GroupRequest, error: string | null): Outcome =>
  (error === null ? moved : (outcomes[error] ?? other))[request]

/** The membership is over, and with it everything that was owned. */
export const isOver = (outcome: Outcome): boolean =>
  outcome === 'renew' || outcome === 'restart' || outcome === 'fenced'
