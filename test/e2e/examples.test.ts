// The Calculators under examples/protocols, each under the protocol that it is an example of.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { protocolNames, type Protocol } from '../../src/domain/stream/settings.ts'
import { startAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'

const folder = join(import.meta.dirname, '..', '..', 'examples', 'protocols')
const INPUT = 'b error two\na\nc three little words\n'

interface Expected {
  readonly output?: string
  /** Where the order of the lines is free. */
  readonly sorted?: string
  readonly log?: string
}

const words = ['a', 'b', 'c', 'error', 'little', 'three', 'two', 'words'].map((word) => `${word}\n`).join('')

const expected: Readonly<Record<Protocol, Readonly<Record<'sh' | 'py', Expected>>>> = {
  relay: same({ output: 'alarm: b error two\n' }),
  'one-to-one': same({ output: '11\n1\n20\n' }),
  many: same({ output: 'b\nerror\ntwo\na\nc\nthree\nlittle\nwords\n' }),
  keyed: { sh: { output: 'seen\nseen\nseen\n' }, py: { sorted: words } },
  sink: same({ output: '', log: 'kept c three little words' }),
  source: same({ output: 'measurement 1\nmeasurement 2\nmeasurement 3\n' }),
  batch: same({ output: 'a\nb error two\nc three little words\n' }),
}

function same(one: Expected): Record<'sh' | 'py', Expected> {
  return { sh: one, py: one }
}

for (const protocol of protocolNames) {
  for (const language of ['sh', 'py'] as const) {
    test(`${protocol}.${language} works under PROTOCOL=${protocol}`, { timeout: 180_000 }, async (t) => {
      const dir = tempDir(t)
      const [from, to, kept] = [join(dir, 'in'), join(dir, 'out'), join(dir, 'kept')]
      writeFileSync(from, INPUT)
      const agent = await startAgent(t, {
        args: [
          ...(protocol === 'source' ? [] : ['--in', from]),
          ...['--out', to, '--bin', join(folder, `${protocol}.${language}`), '--arg', kept],
        ],
        env: { PROTOCOL: protocol, OUTPUT_FORMAT: 'raw', EXIT_ON: 'exit' },
      })
      assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
      const { output, sorted, log } = expected[protocol][language]
      const found = readFileSync(to, 'utf8')
      if (output !== undefined) assert.equal(found, output)
      if (sorted !== undefined) assert.equal(found.match(/.*\n/g)?.sort().join(''), sorted)
      if (protocol === 'sink') assert.equal(readFileSync(kept, 'utf8'), INPUT)
      if (log !== undefined) assert.ok(agent.log.some(({ event, msg }) => event === 'process.stdout' && msg === log))
    })
  }
}
