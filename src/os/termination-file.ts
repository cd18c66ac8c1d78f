import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { codeOf } from '../domain/errors.ts'

/**
 * Replaces what the file says. Without `create` a file that is not there is left alone, and the answer is false: a
 * container outside Kubernetes has none. Throws the system's error for everything else.
 */
export function writeTerminationFile(path: string, text: string, create: boolean): boolean {
  const { O_WRONLY, O_TRUNC, O_CREAT } = constants
  let file: number
  try {
    file = openSync(path, O_WRONLY | O_TRUNC | (create ? O_CREAT : 0), 0o644)
  } catch (error) {
    if (!create && codeOf(error) === 'ENOENT') return false
    throw error
  }
  try {
    writeSync(file, text)
  } finally {
    closeSync(file)
  }
  return true
}
