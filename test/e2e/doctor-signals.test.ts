// Whoever ends `pidpiper doctor` in the midst of its look at the Calculator ends what it has started, too.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { endAfter, livingGroup } from '../fixtures/e2e-proc.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

/** Starts doctor with a Calculator that runs `script`, in which `told` tells its pid. */
async function probing(t: TestContext, script: string): Promise<{ doctor: TestAgent; group: number }> {
  const file = join(tempDir(t), 'pid')
  const told = `told() { echo $$ >${file}.new; mv ${file}.new ${file}; }`
  const calculator = ['--bin', 'sh', '--arg', '-c', '--arg', `${told}; ${script}`]
  const doctor = await startAgent(t, { args: ['doctor', '--in', '/dev/null', '--out', '-', ...calculator] })
  const group = await waitFor('its Calculator', () => Number(readFileSync(file, 'utf8')))
  endAfter(t, () => livingGroup(group))
  return { doctor, group }
}

for (const [signal, code] of Object.entries({ SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131, SIGUSR2: 140 })) {
  test(`${signal} ends doctor and its Calculator, whatever that ignores`, { timeout: 180_000 }, async (t) => {
    const { doctor, group } = await probing(t, `trap '' TERM INT HUP QUIT USR2; sleep 61 & told; sleep 62`)
    doctor.signal(signal as NodeJS.Signals)
    assert.deepEqual(await doctor.exit(), { code, signal: null })
    await waitFor('the end of its group', () => livingGroup(group).length === 0)
  })
}

test('a Calculator that ends at once leaves nothing behind', { timeout: 180_000 }, async (t) => {
  const { doctor, group } = await probing(t, 'sleep 61 >/dev/null 2>&1 & told; exit 3')
  assert.equal((await doctor.exit()).code, 1)
  await waitFor('the end of its group', () => livingGroup(group).length === 0)
})
