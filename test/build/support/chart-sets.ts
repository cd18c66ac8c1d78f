// The sets of values in the data files, and each rendered by both versions of Helm.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseYaml, project, type HelmVersion } from '../../../scripts/chart/tools.ts'
import { render, type KubernetesObject } from './helm.ts'

export interface ValueSet {
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  /** Variables that the Secrets and ConfigMaps of envFrom… bring. */
  readonly brings?: Readonly<Record<string, string>>
  /** Kinds of the objects besides the workload and its Service. */
  readonly kinds?: readonly string[]
  /** `none`: there is no stream that `pidpiper check` could look at. */
  readonly check?: 'none'
}

export interface WrongSet {
  readonly says: string
  readonly values: Readonly<Record<string, unknown>>
}

const read = (name: string): unknown => parseYaml(readFileSync(join(import.meta.dirname, '..', name), 'utf8'))[0]

/** The sets of the data file, and those that docs/kubernetes.md shows. */
export const valueSets = (): readonly ValueSet[] => [...(read('chart-values.yaml') as ValueSet[]), ...documented()]

function documented(): ValueSet[] {
  const text = readFileSync(join(project, 'docs', 'kubernetes.md'), 'utf8')
  const blocks = [...text.matchAll(/^```yaml\n# (?:values|scores\.yaml)\n(.*?)^```$/gms)]
  return blocks.map(([, yaml = ''], index) => {
    return { name: `number ${index + 1} of docs/kubernetes.md`, values: parseYaml(yaml)[0] as ValueSet['values'] }
  })
}

export const wrongSets = (): readonly WrongSet[] => read('chart-wrong-values.yaml') as WrongSet[]

export type Rendered = Readonly<Record<HelmVersion, readonly KubernetesObject[]>>

/** What each set renders to, in order. */
export const renderAll = (sets: readonly ValueSet[]): Promise<Rendered[]> =>
  inTurns(sets, async ({ values }) => {
    const [three, four] = await Promise.all([render(values, 3), render(values, 4)])
    return { 3: three, 4: four }
  })

/** Does `work` on each item, as many at a time as there are cores. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return results
}
