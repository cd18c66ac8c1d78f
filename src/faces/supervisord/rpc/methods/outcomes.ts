import type { XmlRpcValue } from '../../../../wire/xmlrpc/values.ts'
import type { Outcome } from '../../daemon.ts'
import { SUCCESS, faultOf } from '../faults.ts'

/** What a command for many answers: one struct per process, in the order in which each was known. */
export const outcomeStructs = (outcomes: readonly Outcome[]): XmlRpcValue =>
  outcomes.map(({ name, group, error }) => {
    const { code, text } = error === null ? { code: SUCCESS, text: 'OK' } : faultOf(error)
    return { name, group, status: code, description: text }
  })
