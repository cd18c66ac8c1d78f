// Files of `KEY=value` lines, as Docker's --env-file and many shells' `.env` have them.
import { resolve } from 'node:path'
import type { Machine } from './machine.ts'
import { expandUser } from './paths.ts'
import { bad } from './values.ts'

/**
 * The variables of one file: a line each, blank lines and `#` lines skipped, `export ` in front allowed, a pair of
 * quotes around the value taken off. Raises BAD_CONFIGURATION that names file and line.
 */
export function readEnvironmentFile(path: string, machine: Machine): ReadonlyMap<string, string> {
  const text = contentOf(path, machine)
  const found = new Map<string, string>()
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const equals = line.indexOf('=')
    const name = line
      .slice(0, Math.max(0, equals))
      .replace(/^export\s/, '')
      .trim()
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) throw bad(`line ${index + 1} of ${path} should read NAME=value`)
    found.set(name, unquoted(line.slice(equals + 1).trim()))
  }
  return found
}

function contentOf(path: string, machine: Machine): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(
      machine.read(resolve(machine.cwd, expandUser(path, machine))),
    )
  } catch (cause) {
    throw bad(`cannot read the environment file ${path}`, cause)
  }
}

const unquoted = (text: string): string => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text
