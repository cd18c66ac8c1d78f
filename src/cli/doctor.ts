// What `pidpiper doctor` prints: a line per finding, the cure below it; or all of it as JSON.
import type { Area, Finding } from '../domain/finding.ts'
import { ansi, paint } from './paint.ts'

export interface DoctorReport {
  readonly stdout: string
  /** 1 when there is a problem. */
  readonly exitCode: 0 | 1
}

const headings = {
  configuration: 'Configuration',
  machine: 'Container',
  consul: 'Consul',
  kafka: 'Kafka',
  calculator: 'Calculator',
} as const satisfies Record<Area, string>

/** `isWhole` false: with a wrong configuration there was nothing more to look at. */
export function doctorReport(
  findings: readonly Finding[],
  { json, colors, isWhole }: { readonly json: boolean; readonly colors: boolean; readonly isWhole: boolean },
): DoctorReport {
  const count = (verdict: Finding['verdict']): number => findings.filter((each) => each.verdict === verdict).length
  const [problems, warnings] = [count('problem'), count('warning')]
  const exitCode = problems > 0 ? 1 : 0
  if (json) return { stdout: `${JSON.stringify({ problems, warnings, findings }, null, 2)}\n`, exitCode }
  const areas = Map.groupBy(findings, areaOf)
  const blocks = [...areas].map(([area, list]) => {
    return `${paint(colors, ansi.bold, headings[area])}\n${list.map((finding) => lines(finding, colors)).join('')}\n`
  })
  const unseen = isWhole ? '' : '; nothing else was looked at: correct the configuration, and ask again'
  return { stdout: `${blocks.join('')}${conclusion(problems, warnings)}${unseen}\n`, exitCode }
}

const areaOf = ({ check }: Finding): Area => check.split('.')[0] as Area

const colours = { ok: ansi.green, warning: ansi.yellow, problem: ansi.red } as const

function lines({ verdict, subject, seen, cure }: Finding, colors: boolean): string {
  const line = `  ${paint(colors, colours[verdict], verdict.padEnd(7))}  ${oneLine(subject)}: ${oneLine(seen)}\n`
  return cure === '' ? line : `${line}           cure: ${oneLine(cure)}\n`
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

function conclusion(problems: number, warnings: number): string {
  if (problems === 0 && warnings === 0) return 'all is well'
  return `${plural(problems, 'problem')}, ${plural(warnings, 'warning')}`
}

/** What was seen may come from a broker or a Calculator: a terminal must not take orders from it. */
const oneLine = (text: string): string => text.replace(/\p{Cc}/gu, ' ')
