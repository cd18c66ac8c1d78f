import process from 'node:process'
import type { Machine } from '../../faces/supervisord/config/machine.ts'
import { nodeMachine } from '../../faces/supervisord/config/node-machine.ts'

/** The machine as supervisord and its client see it, with the environment and the working folder of now. */
export const supervisordMachine = (cwd = process.cwd()): Machine =>
  nodeMachine({ environment: environment(), cwd, uid: process.getuid?.() ?? -1 })

const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
