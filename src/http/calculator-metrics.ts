// Metrics that Calculators report of themselves, in Prometheus' text format: their names are theirs, and come and go, so
// that no registry knows them.
import type { StreamSnapshot } from '../engine/snapshot.ts'

/** The text of all of them, by family, each sample labelled with its process; empty where there are none. */
export function calculatorMetrics(streams: readonly StreamSnapshot[], prefix: string): string {
  const families = new Map<string, string[]>()
  for (const { namespec, control } of streams) {
    for (const { name, kind, value } of control?.metrics ?? []) {
      const full = prefix + (kind === 'counter' ? `${name}_total` : name)
      const family = families.get(full) ?? [`# HELP ${full} Reported by the Calculator.`, `# TYPE ${full} ${kind}`]
      // A gauge may be called what a counter becomes: the first one counts.
      if (family[1] === `# TYPE ${full} ${kind}`) family.push(`${full}{process="${escaped(namespec)}"} ${value}`)
      families.set(full, family)
    }
  }
  return [...families.values()]
    .flat()
    .map((line) => `${line}\n`)
    .join('')
}

const escaped = (label: string): string => label.replace(/[\\"]/g, '\\$&')
