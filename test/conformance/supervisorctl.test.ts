// One recorded script, played by the real supervisord and ours, with the real supervisorctl and ours: all say the same.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { ourClient, PYTHON, realClient, type Client } from '../../scripts/conformance/clients.ts'
import { realDaemon, type DaemonCommand } from '../../scripts/conformance/daemon.ts'
import { differences } from '../../scripts/conformance/differences.ts'
import { play, type Entry } from '../../scripts/conformance/play.ts'
import { agentCommand } from '../support/agent.ts'

const version = spawnSync(PYTHON, ['-W', 'ignore', '-c', 'import supervisor.options as o; print(o.VERSION)'])
const installed = existsSync(realDaemon[0]) && version.stdout.toString().startsWith('4.2.')
const skip = installed
  ? false
  : "the real supervisord 4.2 is not here; it comes with Debian's package: apt-get install supervisor"

const ourDaemon: DaemonCommand = [...agentCommand(), 'supervisord']

test('the real pair and the three pairs with us say the same to every command', { skip }, async (t) => {
  const pairs: readonly (readonly [string, DaemonCommand, Client])[] = [
    ['the real supervisord with our supervisorctl', realDaemon, ourClient()],
    ['our supervisord with the real supervisorctl', ourDaemon, realClient()],
    ['our supervisord with our supervisorctl', ourDaemon, ourClient()],
  ]
  // Together: they wait more than they work.
  const reference = play(realDaemon, realClient())
  const others = pairs.map(([name, daemon, client]) => ({ name, played: play(daemon, client) }))
  await Promise.allSettled([reference, ...others.map(({ played }) => played)])
  const expected: readonly Entry[] = await reference
  assert.ok(expected.length >= 150, `${expected.length} commands`)
  for (const { name, played } of others) {
    await t.test(name, async () => assert.deepEqual(differences(expected, await played), []))
  }
})
