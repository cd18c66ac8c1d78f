import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCommandLine, supervisordHelp, withCommandLine } from '../../../src/faces/supervisord/command-line.ts'
import { loadSupervisordConfig } from '../../../src/faces/supervisord/config/load.ts'
import { nodeMachine } from '../../../src/faces/supervisord/config/node-machine.ts'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../support/temp.ts'

const machine = nodeMachine({ environment: {}, cwd: '/tmp', uid: 0 })
const read = (...words: string[]): unknown => readCommandLine(words, machine)
const problem = (text: string): unknown => ({ kind: 'problem', problem: text })

test('every option of supervisord is taken, short and long', () => {
  assert.deepEqual(read('-nc', 'f', '-l', 'x.log', '-y1KB', '--logfile_backups=3', '-e', 'DEBUG', '-a', '5', '-t'), {
    kind: 'run',
    file: 'f',
    user: null,
    settings: {
      nodaemon: true,
      logfile: '/tmp/x.log',
      logfileMaxBytes: 1024,
      logfileBackups: 3,
      loglevel: 'debug',
      minfds: 5,
      stripAnsi: true,
    },
  })
  assert.deepEqual(read('-m', '077', '-d', '/', '-j', 'p', '-i', 'me', '-q', '/tmp', '-k', '-s', '--minprocs', '7'), {
    kind: 'run',
    file: null,
    user: null,
    settings: {
      umask: 0o77,
      directory: '/',
      pidfile: '/tmp/p',
      identifier: 'me',
      childlogdir: '/tmp',
      nocleanup: true,
      silent: true,
      minprocs: 7,
    },
  })
  for (const word of ['-h', '-?', '--help', '--hel']) assert.deepEqual(read(word), { kind: 'help' })
  assert.deepEqual(read('--version'), { kind: 'version' })
})

test('what is wrong is told in the words of supervisord', () => {
  assert.deepEqual(read('-x'), problem('option -x not recognized'))
  assert.deepEqual(read('foo', "it's"), problem(`positional arguments are not supported: ['foo', "it's"]`))
  assert.deepEqual(read('-n', '--nodaemon'), problem("conflicting command line option '--nodaemon'"))
  assert.deepEqual(read('-e', 'bogus'), problem("invalid value for -e 'bogus': bad logging level name 'bogus'"))
  assert.deepEqual(
    read('-l', '/no/x'),
    problem("invalid value for -l '/no/x': The directory named as part of the path /no/x does not exist"),
  )
})

test('the command line wins over the file, and an unknown user is refused', (t) => {
  const file = join(tempDir(t), 'conf')
  writeFileSync(file, '[supervisord]\nidentifier=file\nloglevel=warn\n')
  const { config } = loadSupervisordConfig({ file, machine })
  assert.ok(config)
  const overlay = (...words: string[]) => {
    const line = readCommandLine(words, machine)
    assert.ok(line.kind === 'run')
    return withCommandLine(config.settings, line, machine)
  }
  const { identifier, loglevel, user } = overlay('-i', 'line', '-u', 'root')
  assert.deepEqual([identifier, loglevel, user?.uid], ['line', 'warn', 0])
  assert.throws(() => overlay('-u', 'nosuch'), { subject: 'Invalid user name nosuch' })
})

test('the help names what scripts look for', () => {
  assert.match(supervisordHelp('x'), /^supervisord -- run a set of applications as daemons\.\n\nUsage: x \[options\]/)
  assert.match(supervisordHelp('x'), /^-l\/--logfile FILENAME -- use FILENAME as/m)
})
