// The users' guide to supervisord, followed word for word: its files load unchanged, its commands say what it shows.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { waitFor } from '../support/wait-for.ts'
import { guide, startInGuideRoot, whyNot, type GuideRoot } from './support/guide-root.ts'

const WWW_DATA = 33
const conf = 'etc/supervisor/conf.d'

async function says(root: GuideRoot, words: string, expected: string): Promise<void> {
  const { status, stdout, stderr } = await root.supervisorctl(...words.split(' '))
  const lines = stdout.split('\n').sort().join('\n').trim()
  assert.deepEqual([lines, stderr, status], [expected.split('\n').sort().join('\n'), '', 0], words)
}

const pidOf = async (root: GuideRoot, name: string): Promise<number> =>
  Number((await root.supervisorctl('pid', name)).stdout)

async function running(root: GuideRoot, ...names: string[]): Promise<void> {
  await waitFor(`${names.join(', ')} RUNNING`, async () => {
    const { stdout } = await root.supervisorctl('status', ...names)
    return (
      stdout
        .trim()
        .split('\n')
        .every((line) => line.includes(' RUNNING ')) && stdout !== ''
    )
  })
}

test('the guide, from the first file to the password', { skip: whyNot() }, async (t) => {
  const root = await startInGuideRoot(t)

  await t.test(
    'a webserver is configured, update starts it as www-data, in its folder, with its quoted words',
    async () => {
      root.write(`${conf}/rm_tools.conf`, guide('rm_tools.conf'))
      await says(root, 'update', 'rm_webserver: added process group')
      await running(root, 'rm_webserver')
      const pid = await pidOf(root, 'rm_webserver')
      assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\\s+${WWW_DATA}\\s+${WWW_DATA}`, 'm'))
      const log = await waitFor('the log', () => {
        const text = root.read('path/for/log/rm_webserver.log')
        return /\nin .*\n/.test(text) && text
      })
      const words = ['/usr/bin/python', '/path/to/rocketmap/runserver.py', '--only-server', '-l']
      const location = 'WHATEVER LOCATION YOU WANT THE WEBSERVER TO POINT TO BY DEFAULT'
      assert.equal(log, `${[...words, location].map((word) => `<${word}>\n`).join('')}in /path/to/rocketmap\n`)
      assert.equal(statSync(root.path('path/for/log/rm_webserver.log')).uid, 0)
    },
  )

  await t.test('a searcher is added, and the additional samples', async () => {
    root.write(`${conf}/rm_areaXY.conf`, guide('rm_areaXY.conf'))
    await says(root, 'update', 'rm_areaXY: added process group')
    for (const name of ['pgpool', 'devkat']) root.write(`${conf}/${name}.conf`, guide(`${name}.conf`))
    await says(root, 'update', 'devkat: added process group\npgpool: added process group')
    await running(root, 'rm_areaXY', 'pgpool', 'devkat', 'rm_webserver')
    await says(root, 'update', '')
  })

  await t.test('an edit restarts that program alone', async () => {
    const before = [await pidOf(root, 'rm_webserver'), await pidOf(root, 'rm_areaXY')]
    root.write(`${conf}/rm_tools.conf`, guide('rm_tools.conf').replace('--only-server', '--only-server -v'))
    await says(root, 'update', 'rm_webserver: stopped\nrm_webserver: updated process group')
    await running(root, 'rm_webserver')
    assert.notEqual(await pidOf(root, 'rm_webserver'), before[0])
    assert.equal(await pidOf(root, 'rm_areaXY'), before[1])
  })

  await t.test('a file that is taken away ends its program', async () => {
    root.remove(`${conf}/rm_areaXY.conf`)
    await says(root, 'update', 'rm_areaXY: stopped\nrm_areaXY: removed process group')
  })

  await t.test('restart of one, and the commands for all', async () => {
    const before = await pidOf(root, 'rm_webserver')
    await says(root, 'restart rm_webserver', 'rm_webserver: stopped\nrm_webserver: started')
    assert.notEqual(await pidOf(root, 'rm_webserver'), before)
    const each = (deed: string): string =>
      ['devkat', 'pgpool', 'rm_webserver'].map((name) => `${name}: ${deed}`).join('\n')
    await says(root, 'stop all', each('stopped'))
    await says(root, 'start all', each('started'))
    await says(root, 'restart all', `${each('stopped')}\n${each('started')}`)
    await says(root, 'stop pgpool', 'pgpool: stopped')
    await says(root, 'start pgpool', 'pgpool: started')
  })

  await t.test('the socket is what the guide makes of it for the web page', () => {
    const { mode, uid, gid } = statSync(root.path('var/run/supervisor.sock'))
    assert.deepEqual([mode & 0o777, uid, gid], [0o700, WWW_DATA, WWW_DATA])
  })

  await t.test('with a name and a password on the socket, both are asked for', async () => {
    const login = 'chown=www-data:www-data\nusername = user\npassword = 123'
    root.write('etc/supervisor/supervisord.conf', guide('supervisord.conf').replace('chown=www-data:www-data', login))
    await says(root, 'reload', 'Restarted supervisord')
    await waitFor('the password is in force', async () => {
      const { status, stdout } = await root.supervisorctl('status')
      return status === 1 && stdout === 'Server requires authentication\n'
    })
    const { status, stdout } = await root.supervisorctl('-u', 'user', '-p', '123', 'pid')
    assert.equal(status, 0, stdout)
  })
  await t.test("the guide's own slip is told, with the word that was meant", () => {
    assert.match(root.read('var/log/supervisor/supervisord.log'), /startsec\b.*did you mean startsecs/)
  })
})
