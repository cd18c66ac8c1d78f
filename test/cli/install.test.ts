import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { InstallFlags } from '../../src/cli/arguments.ts'
import { install } from '../../src/cli/install.ts'
import { tempDir } from '../support/temp.ts'

interface Place {
  readonly prefix: string
  readonly executable: string
  readonly run: (flags?: Partial<InstallFlags>) => { code: number; out: string; err: string }
}

function place(t: TestContext): Place {
  const root = tempDir(t)
  const prefix = join(root, 'prefix')
  const executable = join(root, 'opt/pidpiper')
  mkdirSync(join(root, 'opt'))
  writeFileSync(executable, '')
  const run: Place['run'] = (flags = {}) => {
    let out = ''
    let err = ''
    const chosen = { prefix, systemd: false, force: false, dryRun: false, ...flags }
    const code = install(chosen, { executable, out: (text) => (out += text), err: (text) => (err += text) })
    return { code, out, err }
  }
  return { prefix, executable, run }
}

const names = ['echo_supervisord_conf', 'pidpiper', 'pidproxy', 'supervisorctl', 'supervisord']

test('the names become links to the binary, a second time changes nothing', (t) => {
  const { prefix, executable, run } = place(t)
  const { code, out } = run()
  assert.equal(code, 0)
  assert.deepEqual(readdirSync(join(prefix, 'bin')).sort(), names)
  for (const name of names) assert.equal(readlinkSync(join(prefix, 'bin', name)), executable)
  assert.match(out, /^create {2}.*\/bin\/pidpiper -> /)
  assert.deepEqual(new Set(run().out.match(/^\w+/gm)), new Set(['unchanged']))
})

test('a dry run shows the unit and touches nothing', (t) => {
  const { prefix, run } = place(t)
  const { code, out } = run({ dryRun: true, systemd: true })
  assert.equal(code, 0)
  assert.equal(existsSync(prefix), false)
  assert.match(out, /^would create .*supervisord\.service$/m)
  assert.match(out, new RegExp(`^ {4}ExecStart=${prefix}/bin/supervisord -n -c /etc/.*supervisord.conf$`, 'm'))
})

test('the unit is written where systemd finds it, and replaced as ours', (t) => {
  const { prefix, run } = place(t)
  const { code, out } = run({ systemd: true })
  assert.equal(code, 0)
  assert.match(out, /systemctl daemon-reload && systemctl enable --now supervisord\n$/)
  const unit = join(prefix, 'lib/systemd/system/supervisord.service')
  const written = readFileSync(unit, 'utf8')
  assert.match(written, /^\[Service\]$/m)
  writeFileSync(unit, `${written}# of an older version\n`)
  assert.equal(run({ systemd: true }).code, 0)
  assert.equal(readFileSync(unit, 'utf8'), written)
})

test('files of others stay, and with them everything, unless forced', (t) => {
  const { prefix, executable, run } = place(t)
  const bin = join(prefix, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'supervisorctl'), '#!/usr/bin/python3\n')
  symlinkSync('/usr/bin/other', join(bin, 'pidproxy'))
  const { code, out, err } = run()
  assert.deepEqual([code, out], [1, ''])
  assert.equal(err.includes(join(bin, 'supervisorctl')) && err.includes(join(bin, 'pidproxy')), true)
  assert.deepEqual(readdirSync(bin).sort(), ['pidproxy', 'supervisorctl'])

  assert.equal(run({ force: true }).code, 0)
  assert.equal(readlinkSync(join(bin, 'supervisorctl')), executable)
})

test('links to an older place of the binary are ours; a folder cannot be replaced, and that is told', (t) => {
  const { prefix, executable, run } = place(t)
  const bin = join(prefix, 'bin')
  mkdirSync(join(bin, 'pidproxy'), { recursive: true })
  symlinkSync('/old/pidpiper', join(bin, 'supervisord'))
  assert.equal(run().code, 1)
  const forced = run({ force: true })
  assert.equal(forced.code, 1)
  assert.match(forced.err, /^pidpiper: cannot install: .*pidproxy/)
  assert.equal(lstatSync(join(bin, 'pidproxy')).isDirectory(), true)
  assert.equal(readlinkSync(join(bin, 'supervisord')), executable)
})

test('a prefix that cannot be made is told, and nothing is said to be made', (t) => {
  const { run, executable } = place(t)
  const below = join(executable, 'prefix')
  for (const [prefix, reason] of [
    ['/proc/pidpiper-test/deep', /^pidpiper: cannot install: ENOENT.*\/proc\/pidpiper-test/],
    [below, /^pidpiper: cannot install: ENOTDIR/],
  ] as const) {
    const { code, out, err } = run({ prefix })
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, reason)
  }
})
