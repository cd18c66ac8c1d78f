import type { XmlRpcValue } from '../../../../wire/xmlrpc/values.ts'
import type { Outcome } from '../../daemon.ts'
import { SUCCESS, faultOf } from '../faults.ts'

/** The result of a command that gives nothing back. */
export const done = { type: 'boolean', text: 'true, or a fault' } as const

/** The result of a command for many. */
export const outcomes = {
  type: 'array',
  text: 'a struct with name, group, status and description per process',
} as const

/** What a command for many answers: one struct per process, in the order in which each was known. */
export const outcomeStructs = (list: readonly Outcome[]): XmlRpcValue =>
  list.map(({ name, group, error }) => {
    const { code, text } = error === null ? { code: SUCCESS, text: 'OK' } : faultOf(error)
    return { name, group, status: code, description: text }
  })
