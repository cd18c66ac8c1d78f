import process from 'node:process'
import type { Machine } from '../../faces/supervisord/config/machine.ts'
import { nodeMachine } from '../../faces/supervisord/config/node-machine.ts'

/** The machine as this process sees it: its environment and working folder of now. */
export const thisMachine = (): Machine =>
  nodeMachine({ environment: environment(), cwd: process.cwd(), uid: process.getuid?.() ?? -1 })

const environment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
