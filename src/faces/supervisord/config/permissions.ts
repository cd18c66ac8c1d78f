// Whether a user could reach a path, from the permission bits. Access lists and capabilities are not looked at.
import { dirname } from 'node:path'
import type { Account, FileFacts, Machine } from './machine.ts'

export interface Person {
  /** For messages. */
  readonly name: string
  readonly uid: number
  readonly gids: readonly number[]
}

/** The rights of an account; null is whoever runs this. */
export function personOf(account: Account | null, machine: Machine): Person {
  const who = account ?? machine.account(machine.uid)
  if (who === null) return { name: String(machine.uid), uid: machine.uid, gids: [] }
  return { name: who.name, uid: who.uid, gids: machine.groupsOf(who) }
}

export type Right = 'read' | 'write' | 'enter'

const bits: Record<Right, number> = { read: 4, write: 2, enter: 1 }

/** Root may do everything, but execute only what anybody may. */
export function may(person: Person, right: Right, facts: FileFacts): boolean {
  if (person.uid === 0) return right !== 'enter' || facts.kind === 'folder' || (facts.mode & 0o111) !== 0
  const shift = person.uid === facts.uid ? 6 : person.gids.includes(facts.gid) ? 3 : 0
  return ((facts.mode >> shift) & bits[right]) !== 0
}

/** The first folder on the way to and including `folder` that the person cannot enter; null: all are open. */
export function closedFolder(person: Person, folder: string, machine: Machine): string | null {
  const way = [folder]
  for (let above = dirname(folder); above !== way[0]; above = dirname(above)) way.unshift(above)
  return way.find((path) => !isOpen(person, machine.look(path))) ?? null
}

const isOpen = (person: Person, facts: FileFacts | null): boolean => facts !== null && may(person, 'enter', facts)
