// `pidpiper check`: the effective configuration for a person or a program; and problems told in one message.
import { exitCodes } from '../domain/exit-codes.ts'
import { ansi, paint } from './paint.ts'

/** One line of the effective configuration; `value` null: none, and `note` says what that means. */
export interface CheckRow {
  readonly group: string
  readonly name: string
  readonly value: string | null
  readonly origin: string
  readonly note: string
}

export interface CheckProblem {
  readonly name: string
  readonly value: string | null
  readonly expected: string
}

export interface CheckInput {
  readonly rows: readonly CheckRow[]
  readonly problems: readonly CheckProblem[]
  readonly warnings: readonly string[]
}

export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** The rows with exit code 0, or all problems with 78; values come in masked and are shown as they are. */
export function check(input: CheckInput, { json, colors }: { json: boolean; colors: boolean }): CommandResult {
  const exitCode = input.problems.length === 0 ? 0 : exitCodes.badConfiguration
  if (json) {
    const { rows, problems, warnings } = input
    return { stdout: `${JSON.stringify({ variables: rows, problems, warnings }, null, 2)}\n`, stderr: '', exitCode }
  }
  if (exitCode !== 0) return { stdout: '', stderr: refusal(input, colors), exitCode }
  const warnings = warningsText(input.warnings, colors)
  return { stdout: table(input.rows, colors) + (warnings === '' ? '' : `\n${warnings}`), stderr: '', exitCode }
}

/** What is said where nothing can be started: the warnings (a misspelt name is often the cause), then the problems. */
export const refusal = ({ problems, warnings }: Pick<CheckInput, 'problems' | 'warnings'>, colors: boolean): string =>
  warningsText(warnings, colors) + problemsText(problems)

const warningsText = (warnings: readonly string[], colors: boolean): string =>
  warnings.map((warning) => paint(colors, ansi.yellow, `warning: ${oneLine(warning)}`) + '\n').join('')

/**
 * Every problem in one message, each on a line that names the variable, its value and what was expected. `outcome`: what
 * that means, for a command that would have started something.
 */
export function problemsText(problems: readonly CheckProblem[], outcome = ', nothing was started'): string {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  const lines = problems.map(({ name, value, expected }) => {
    return `  ${name}${value === null ? '' : `=${JSON.stringify(value)}`} ${oneLine(expected)}\n`
  })
  return `pidpiper: the configuration has ${count}${outcome}\n${lines.join('')}`
}

/** A value may hold a newline; a terminal must not take orders from it. */
const oneLine = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)

function table(rows: readonly CheckRow[], colors: boolean): string {
  const cells = rows.map(({ name, value, origin, note }) => {
    const shown = value === null ? '-' : oneLine(value)
    return { name, shown, origin: note === '' ? origin : `${origin} (${note})`, faint: origin === 'default' }
  })
  const nameWidth = Math.max(0, ...cells.map(({ name }) => name.length))
  const valueWidth = Math.min(48, Math.max(0, ...cells.map(({ shown }) => shown.length)))
  const lines = cells.map(({ name, shown, origin, faint }, index) => {
    const group = rows[index]?.group ?? ''
    const gap = index === 0 ? '' : '\n'
    const heading = group === rows[index - 1]?.group ? '' : `${gap}${paint(colors, ansi.bold, group)}\n`
    const line = `  ${name.padEnd(nameWidth)}  ${shown.padEnd(valueWidth)}  ${origin}`
    return `${heading}${faint ? paint(colors, ansi.dim, line) : line}\n`
  })
  return lines.join('')
}
