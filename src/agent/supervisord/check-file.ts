// `pidpiper check -c FILE`: what a supervisord configuration says, and what in it will not work here. Starts nothing.
import type { CheckInput } from '../../cli/check.ts'
import { describeConfig, placeText } from '../../faces/supervisord/config/describe.ts'
import { loadSupervisordConfig } from '../../faces/supervisord/config/load.ts'
import type { Notice } from '../../faces/supervisord/config/types.ts'
import { printCheck } from '../print-check.ts'
import { besideCalculator } from './beside-calculator.ts'
import { supervisordMachine } from './machine.ts'

/** What supervisord itself ends with. */
const BAD_CONFIGURATION = 2

/**
 * `warnings`: what there is to say besides.
 * @returns the exit code: 0 for a file that can be started, 2 for one that cannot
 */
export function checkFile(file: string, json: boolean, warnings: readonly string[] = []): number {
  const found = fileFindings(file, null)
  const exitCode = printCheck({ ...found, warnings: [...warnings, ...found.warnings] }, json)
  return exitCode === 0 ? 0 : BAD_CONFIGURATION
}

/** What there is to say of a file. `group`: of the Calculator beside its programs; null: there is none. */
export function fileFindings(file: string, group: string | null): CheckInput {
  const machine = supervisordMachine()
  const loaded = loadSupervisordConfig({ file, machine })
  const { config, problems, warnings } = group === null ? loaded : besideCalculator(loaded, group)
  const description = config === null ? null : describeConfig(config, machine)
  return {
    rows: description?.rows ?? [],
    problems: problems
      .filter(isPlain)
      .map(({ text, place }) => ({ name: where(place, file), value: null, expected: once(text, file) })),
    warnings: [...warnings, ...(description?.findings ?? [])].map(placed),
  }
}

/** A file that cannot be parsed is told in supervisord's several lines first, and then place by place. */
const isPlain = ({ text }: Notice, _: number, problems: readonly Notice[]): boolean =>
  problems.length === 1 || !text.includes('\n')

/** The line begins with the file. */
const once = (text: string, file: string): string => text.replace(`config file ${file}`, 'this file')

const where = (place: Notice['place'], file: string): string => (place === null ? file : placeText(place))

const placed = ({ text, place }: Notice): string => (place === null ? text : `${placeText(place)}: ${text}`)
