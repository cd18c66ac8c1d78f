// Where the configuration is looked for when nobody names it.
import { dirname, resolve } from 'node:path'
import type { Machine } from './machine.ts'

/** The places, in order (supervisord: Options.__init__). `executable`: the path the program was called by. */
function searchPaths(executable: string): readonly string[] {
  const above = dirname(dirname(executable))
  const folder = above === '.' ? '' : `${above}/`
  return [
    `${folder}etc/supervisord.conf`,
    `${folder}supervisord.conf`,
    'supervisord.conf',
    'etc/supervisord.conf',
    '/etc/supervisord.conf',
    '/etc/supervisor/supervisord.conf',
  ]
}

/** The first file that is there, or the message to end with. */
export function findConfigFile(executable: string, machine: Machine): { file: string } | { problem: string } {
  const paths = searchPaths(executable)
  const file = paths.find((path) => machine.look(resolve(machine.cwd, path)) !== null)
  if (file !== undefined) return { file }
  const advice = 'use the -c option to specify a config file at a different path'
  return { problem: `No config file found at default paths (${paths.join(', ')}); ${advice}` }
}
