// What reading a configuration asks of the machine. The loader itself touches nothing else.

/** A user of the machine; ids are numbers of the operating system. */
export interface Account {
  readonly name: string
  readonly uid: number
  /** The user's first group. */
  readonly gid: number
  readonly home: string
}

/** What a path leads to, links followed. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other'
  /** The permission bits, `0o755`. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export interface Machine {
  /** For `%(ENV_X)s`, `~` and TMPDIR: the environment in which the agent was started. */
  readonly environment: Readonly<Record<string, string>>
  /** The folder that relative paths begin at. */
  readonly cwd: string
  readonly hostName: string
  /** The agent's own user id. */
  readonly uid: number
  /** Raises the system's own error, with its code. */
  read(path: string): Uint8Array
  /** Names in a folder, in any order; none where it is missing or closed to us. */
  list(folder: string): readonly string[]
  /** Null: nothing is there, or we may not see it. */
  look(path: string): FileFacts | null
  account(nameOrId: string | number): Account | null
  groupId(nameOrId: string | number): number | null
  /** All groups of a user, the first one included. */
  groupsOf(account: Account): readonly number[]
}
