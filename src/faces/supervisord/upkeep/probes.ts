// One look at a program from outside. The answer is null for fit, else what is wrong.
import { get } from 'node:http'
import { get as getSecurely } from 'node:https'
import { connect } from 'node:net'
import { systemCode } from '../../../domain/errors.ts'
import type { OneShot, RunOneShot } from '../../../engine/upkeep-ports.ts'
import type { Probe } from '../config/upkeep.ts'

/** @param as who runs a command, and where */
export function look(
  probe: Probe,
  as: Omit<OneShot, 'command'>,
  runOneShot: RunOneShot,
  signal: AbortSignal,
): Promise<string | null> {
  switch (probe.kind) {
    case 'command':
      return lookByCommand({ ...as, command: probe.command }, runOneShot, signal)
    case 'http':
      return lookByHttp(probe.url, signal)
    case 'tcp':
      return lookByTcp(probe, signal)
  }
}

async function lookByCommand(shot: OneShot, runOneShot: RunOneShot, signal: AbortSignal): Promise<string | null> {
  const { failure, output } = await runOneShot(shot, signal)
  if (failure === null) return null
  const last = lastLine(output)
  return last === '' ? failure : `${failure}: ${last}`
}

/** What a person reads first of an output; at most 200 characters. */
export const lastLine = (output: string): string => (output.trimEnd().split('\n').at(-1) ?? '').slice(0, 200)

function lookByHttp(url: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const ask = url.startsWith('https:') ? getSecurely : get
    // A connection of its own each time: to accept it is part of being fit.
    const request = ask(url, { agent: false, signal }, (response) => {
      const { statusCode = 0 } = response
      resolve(statusCode >= 200 && statusCode < 400 ? null : `HTTP status ${statusCode}`)
      response.destroy()
    })
    request.on('error', (error) => resolve(systemCode(error) ?? error.message))
  })
}

function lookByTcp({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal }, () => {
      resolve(null)
      socket.destroy()
    })
    socket.on('error', (error) => resolve(systemCode(error) ?? error.message))
  })
}
