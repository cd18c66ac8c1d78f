// Results of the server in the shapes that commands expect; another shape is a BadAnswer that names the method.
import { isStruct, type XmlRpcStruct, type XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { BadAnswer } from './faults.ts'
import type { Result } from './result-texts.ts'

/** What `status` needs; `all` is everything the server said about the process. */
export interface ProcessInfo {
  readonly group: string
  readonly name: string
  readonly state: number
  readonly statename: string
  readonly description: string
  readonly all: XmlRpcStruct
}

/** A string; `what` names it in the BadAnswer that anything else is. */
export const asText = (value: XmlRpcValue | undefined, what: string): string =>
  typeof value === 'string' ? value : refuse(what, 'a string')

/** A number; anything else is a BadAnswer. */
export const asNumber = (value: XmlRpcValue | undefined, what: string): number =>
  typeof value === 'number' ? value : refuse(what, 'a number')

const asStruct = (value: XmlRpcValue, what: string): XmlRpcStruct =>
  isStruct(value) ? value : refuse(what, 'a struct')

const asList = (value: XmlRpcValue | undefined, what: string): readonly XmlRpcValue[] =>
  isList(value) ? value : refuse(what, 'an array')

const isList = (value: XmlRpcValue | undefined): value is readonly XmlRpcValue[] => Array.isArray(value)

/** An array of structs; anything else is a BadAnswer. */
export const asStructs = (value: XmlRpcValue, what: string): XmlRpcStruct[] =>
  asList(value, what).map((entry) => asStruct(entry, what))

/** One struct of getProcessInfo, `what` being the method; anything else is a BadAnswer. */
export function asProcess(value: XmlRpcValue, what: string): ProcessInfo {
  const all = asStruct(value, what)
  return {
    group: asText(all['group'], `group in ${what}`),
    name: asText(all['name'], `name in ${what}`),
    state: asNumber(all['state'], `state in ${what}`),
    statename: asText(all['statename'], `statename in ${what}`),
    description: asText(all['description'], `description in ${what}`),
    all,
  }
}

/** What getAllProcessInfo answers; anything else is a BadAnswer. */
export const asProcesses = (value: XmlRpcValue): ProcessInfo[] =>
  asList(value, 'getAllProcessInfo').map((entry) => asProcess(entry, 'getAllProcessInfo'))

/** What a method for many processes answers; anything else is a BadAnswer. */
export const asResults = (value: XmlRpcValue, what: string): Result[] =>
  asStructs(value, what).map((all) => {
    return {
      group: asText(all['group'], `group in ${what}`),
      name: asText(all['name'], `name in ${what}`),
      status: asNumber(all['status'], `status in ${what}`),
      description: asText(all['description'], `description in ${what}`),
    }
  })

export interface Changes {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/** `[[added, changed, removed]]`. */
export function asChanges(value: XmlRpcValue): Changes {
  const lists = asList(asList(value, 'reloadConfig')[0], 'reloadConfig')
  const names = (at: number): string[] =>
    asList(lists[at], 'reloadConfig').map((name) => asText(name, 'name in reloadConfig'))
  return { added: names(0), changed: names(1), removed: names(2) }
}

function refuse(what: string, expected: string): never {
  throw new BadAnswer(`${what}: expected ${expected}`)
}
