// What a server may answer instead of a result, and how the real supervisorctl words what it does not expect.
import { messageOf, systemCode } from '../../../domain/errors.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import { faultNumber, SUCCESS } from '../rpc/faults.ts'

/** The numbers by name; a server of ours answers the same ones. */
export const fault = { ...faultNumber, SUCCESS } as const

/** A fault that the server answered. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault'
  readonly code: number
  readonly text: string

  constructor(code: number, text: string) {
    super(`fault ${code}: ${text}`)
    this.code = code
    this.text = text
  }
}

/** An answer with an HTTP status other than 200. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal'
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string) {
    super(`status ${status} ${reason}`)
    this.status = status
    this.reason = reason
  }
}

/** The server answered what no server of this protocol would. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer'
}

/** Whether an error is this very fault of the server. */
export const isFault = (error: unknown, code: number): error is RpcFault =>
  error instanceof RpcFault && error.code === code

const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: "<class 'ConnectionRefusedError'>, [Errno 111] Connection refused",
  ENOENT: "<class 'FileNotFoundError'>, [Errno 2] No such file or directory",
  EACCES: "<class 'PermissionError'>, [Errno 13] Permission denied",
  ECONNRESET: "<class 'ConnectionResetError'>, [Errno 104] Connection reset by peer",
  EPIPE: "<class 'BrokenPipeError'>, [Errno 32] Broken pipe",
  ETIMEDOUT: "<class 'TimeoutError'>, [Errno 110] Connection timed out",
  EHOSTUNREACH: "<class 'OSError'>, [Errno 113] No route to host",
  ENETUNREACH: "<class 'OSError'>, [Errno 101] Network is unreachable",
  ENOTFOUND: "<class 'socket.gaierror'>, [Errno -2] Name or service not known",
  EAI_AGAIN: "<class 'socket.gaierror'>, [Errno -3] Temporary failure in name resolution",
}

/** `<class 'X'>, text`: what scripts may look for, without the place in Python's own files that follows there. */
export function pythonWords(error: unknown): string {
  if (error instanceof RpcFault) return `<class 'xmlrpc.client.Fault'>, <Fault ${error.code}: ${repr(error.text)}>`
  if (error instanceof HttpRefusal) {
    const words = `<ProtocolError for 127.0.0.1/RPC2: ${error.status} ${error.reason}>`
    return `<class 'xmlrpc.client.ProtocolError'>, ${words}`
  }
  const known = systemErrors[systemCode(error) ?? '']
  if (known !== undefined) return known
  return `<class '${error instanceof BadAnswer ? 'xmlrpc.client.ResponseError' : 'ValueError'}'>, ${messageOf(error)}`
}
