// The namespace `system`: what there is to call, and many calls in one.
import type { Dispatcher } from './dispatcher.ts'
import { fault } from './faults.ts'
import { method, type Method, type Namespace } from './method.ts'
import { multicall } from './multicall.ts'
import { list, string } from './parameters.ts'

/** supervisord: xmlrpc.SystemNamespaceRPCInterface. */
export function systemNamespace(dispatcher: Dispatcher): Namespace {
  const known = (name: string): Method => {
    const found = dispatcher.method(name)
    if (found === null) throw fault('SIGNATURE_UNSUPPORTED')
    return found
  }
  return new Map([
    [
      'listMethods',
      method({
        about: 'Names of all methods, sorted.',
        params: [],
        returns: { type: 'array', text: 'the names' },
        call: () => dispatcher.names(),
      }),
    ],
    [
      'methodHelp',
      method({
        about: 'What a method does, takes and gives.',
        params: [string('name', 'the method')],
        returns: { type: 'string', text: 'the help' },
        call: (name) => known(name).help,
      }),
    ],
    [
      'methodSignature',
      method({
        about: 'Types of a method: of its result, then of its parameters.',
        params: [string('name', 'the method')],
        returns: { type: 'array', text: 'the types' },
        call: (name) => known(name).signature,
      }),
    ],
    [
      'multicall',
      method({
        about:
          'Makes calls one after the other. Each result is the bare value, or a struct with faultCode and faultString.',
        params: [list('calls', 'structs with methodName and params')],
        returns: { type: 'array', text: 'the results, in the order of the calls' },
        call: (calls) => multicall(dispatcher, calls),
      }),
    ],
  ])
}
