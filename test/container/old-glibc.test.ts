// The binary among the libraries of the oldest Debian that mirrors have: it must not ask for newer ones.
import assert from 'node:assert/strict'
import { copyFileSync, globSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pid1 } from '../fixtures/e2e-pid1.ts'
import { agentCommand, startAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'
import { needsBinary } from '../testbed/address.ts'
import { isInPath } from '../testbed/tools.ts'
import { must } from './support/command.ts'
import { unpackedRoot, unreachable } from './support/roots.ts'

const packages = ['libc6', 'libgcc-s1', 'libstdc++6', 'dash']
const missing = ['apt-get', 'dpkg-deb', 'tar'].filter((tool) => !isInPath(tool))
const skip = missing.length > 0 ? `no ${missing.join(', ')} to get Debian 11 with` : needsBinary.skip

/** The folder of a Debian 11 root with the agent in it; null, and the test skipped, where no mirror can be reached. */
async function debian11(t: TestContext): Promise<string | null> {
  try {
    const root = join(tempDir(t), 'root')
    for (const folder of ['proc', 'opt']) mkdirSync(join(root, folder), { recursive: true })
    await must('tar', ['-C', root, '-xf', await unpackedRoot('bullseye', packages)])
    const [binary] = agentCommand()
    for (const name of ['pidpiper', 'koffi.node']) copyFileSync(join(dirname(binary), name), join(root, 'opt', name))
    return root
  } catch (error) {
    if (!(error instanceof Error && unreachable.test(error.message))) throw error
    t.skip(`no mirror to get Debian 11 from: ${error.message.split('\n').find((line) => unreachable.test(line)) ?? ''}`)
    return null
  }
}

test('glibc 2.31 of Debian 11: lines pass, native part and all', { skip, timeout: 300_000 }, async (t) => {
  const root = await debian11(t)
  if (root === null) return
  assert.deepEqual(
    globSync('lib/*/libc.so.6', { cwd: root }).map((path) => readlinkSync(join(root, path))),
    ['libc-2.31.so'],
  )
  writeFileSync(join(root, 'lines'), 'one\n\nvier äöü\n')
  const script = 'while read -r line; do echo "<$line>"; done'
  const agent = await startAgent(t, {
    under: [...pid1, '--root', root],
    command: ['/opt/pidpiper'],
    args: ['--bin', '/bin/sh', '--arg', '-c', '--arg', script, '--in', '/lines', '--out', '-'],
    env: { OUTPUT_FORMAT: 'raw' },
  })
  assert.deepEqual(await agent.exit(), { code: 0, signal: null }, agent.stderr)
  assert.equal(agent.stdout, '<one>\n<>\n<vier äöü>\n')
  assert.doesNotMatch(agent.stderr, /plain pipes/)
})
