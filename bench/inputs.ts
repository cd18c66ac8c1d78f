// Input topics, each filled once and read by every contender that carries that workload.
import { describe, type Workload } from './contender.ts'
import { fill } from './filling.ts'
import type { Input } from './throughput.ts'
import type { Topics } from './topics.ts'

export class Inputs {
  readonly #topics: Topics
  readonly #say: (line: string) => void
  readonly #filled = new Map<string, Input>()

  constructor(topics: Topics, say: (line: string) => void) {
    this.#topics = topics
    this.#say = say
  }

  async of(workload: Workload, records: number): Promise<Input> {
    const name = `${records} records of ${describe(workload)}`
    const known = this.#filled.get(name)
    if (known) return known
    const topic = await this.#topics.create('in', workload.partitions)
    const start = performance.now()
    await fill(this.#topics, topic, workload, records)
    this.#say(`${name} written, ${((records / (performance.now() - start)) * 1e-3).toFixed(2)} M/s`)
    const input = { topic, workload, records }
    this.#filled.set(name, input)
    return input
  }
}
