// Facts about the finished binary. TEST_BINARY names another one than dist/pidpiper.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { version } from '../../src/version.ts'

const binary = resolve(process.env['TEST_BINARY'] ?? join(import.meta.dirname, '..', '..', 'dist', 'pidpiper'))
const missing = existsSync(binary) ? false : `no ${binary}: run \`npm run build\` first`
const skip = process.env['CI'] === 'true' ? false : missing

interface Run {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly user?: number
}

/** Runs a binary to its end with exactly this environment. */
function run(file: string, words: readonly string[], { env = {}, cwd, user }: Run = {}) {
  const identity = user === undefined ? {} : { uid: user, gid: user }
  const result = spawnSync(file, words, { env, cwd, encoding: 'utf8', timeout: 120_000, ...identity })
  assert.equal(result.error, undefined)
  return { status: result.status, stdout: result.stdout, stderr: result.stderr }
}

/** A folder that everyone may enter, gone after the test. */
function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pidpiper-binary-'))
  chmodSync(path, 0o755)
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The binary alone in a folder: nothing beside it. */
function copyAlone(t: TestContext): string {
  const alone = join(folder(t), 'supervisor')
  copyFileSync(binary, alone)
  return alone
}

function assertVersion({ status, stdout, stderr }: ReturnType<typeof run>): void {
  assert.equal(status, 0, stderr)
  assert.ok(stdout.startsWith(`pidpiper ${version} (node 24.`), stdout)
  assert.equal(stderr, '')
}

test('--version prints the version of package.json', { skip }, () => {
  assertVersion(run(binary, ['--version']))
})

test('NODE_OPTIONS is the child’s: the binary ignores it', { skip }, () => {
  assertVersion(run(binary, ['--version'], { env: { NODE_OPTIONS: '--require /missing' } }))
})

test('works for a user without name, home, environment or a writable folder', { skip }, (t) => {
  const alone = copyAlone(t)
  const cwd = join(dirname(alone), 'empty')
  mkdirSync(cwd, { mode: 0o555 })
  const user = process.getuid?.() === 0 ? { user: 54_321 } : {}
  assertVersion(run(alone, ['--version'], { cwd, ...user }))
})

test('copied elsewhere alone it gives the child real pipes, so the native part came out of it', { skip }, (t) => {
  const alone = copyAlone(t)
  const input = join(dirname(alone), 'in')
  writeFileSync(input, 'one\ntwo\n')
  const script = 'readlink /proc/$$/fd/0; cat'
  const words = ['--bin', 'sh', '--arg', '-c', '--arg', script, '--in', input, '--out', '-']
  const env = { PATH: '/usr/bin:/bin', HTTP_LISTEN: 'off', CONTROL_SOCKET: 'off', OUTPUT_FORMAT: 'raw' }
  const { status, stdout, stderr } = run(alone, words, { env })
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^pipe:\[\d+\]\none\ntwo\n$/)
})

test('SHA256SUMS holds the sum of every file that is shipped', { skip: skip || noSums() }, () => {
  const home = dirname(binary)
  const lines = readFileSync(join(home, 'SHA256SUMS'), 'utf8').trimEnd().split('\n')
  const files = lines.map((line) => {
    const [sum, file] = line.split('  ')
    assert.ok(file !== undefined, `a sum, two blanks and a name are expected in ${JSON.stringify(line)}`)
    const bytes = readFileSync(join(home, file))
    assert.equal(createHash('sha256').update(bytes).digest('hex'), sum, file)
    return file
  })
  const platform = process.arch === 'x64' ? 'amd64' : process.arch
  const named = `pidpiper-linux-${platform}`
  assert.deepEqual(files, ['koffi.node', 'pidpiper', named, `${named}.cdx.json`])
})

function noSums(): string | false {
  return existsSync(join(dirname(binary), 'SHA256SUMS')) ? false : 'TEST_BINARY names a binary without SHA256SUMS'
}
