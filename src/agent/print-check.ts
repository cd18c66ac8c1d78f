import process from 'node:process'
import { check, type CheckInput } from '../cli/check.ts'
import { wantsColors } from '../config/colors.ts'

/** Prints what `pidpiper check` found, in colours on a terminal that wants them. @returns the exit code */
export function printCheck(found: CheckInput, json: boolean): number {
  const colors = wantsColors(process.stdout, process.env)
  const { stdout, stderr, exitCode } = check(found, { json, colors })
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  return exitCode
}
