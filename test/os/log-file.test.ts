import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { LogFile } from '../../src/os/log-file.ts'
import { descriptorOf } from '../support/descriptor-of.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

interface Told {
  readonly problems: (readonly [string | null, number])[]
  readonly unrotated: string[]
  ready: number
}

interface Options {
  readonly maxBytes?: number
  readonly backups?: number
  readonly now?: () => number
}

function open(
  t: TestContext,
  path: string,
  { maxBytes = 0, backups = 0, now }: Options = {},
): { log: LogFile; told: Told } {
  const told: Told = { problems: [], unrotated: [], ready: 0 }
  const target = {
    path,
    maxBytes,
    backups,
    problem: (...problem: [string | null, number]) => told.problems.push(problem),
    unrotated: (reason: string) => told.unrotated.push(reason),
    ready: () => told.ready++,
  }
  const log = new LogFile(target, now)
  t.after(() => log.close())
  return { log, told }
}

const text = (path: string): string => readFileSync(path, 'utf8')

test('a file is appended to, rotated by size, and keeps so many backups', (t) => {
  const path = join(tempDir(t), 'log')
  writeFileSync(path, 'old ')
  const { log } = open(t, path, { maxBytes: 10, backups: 2 })
  for (const word of ['one\n', 'twothree\n', 'four 67890', 'five']) log.write(Buffer.from(word))
  assert.deepEqual(
    ['', '.1', '.2', '.3'].map((end) => (existsSync(path + end) ? text(path + end) : null)),
    ['five', 'four 67890', 'old one\ntwothree\n', null],
  )
})

test('without backups a full file is emptied', (t) => {
  const path = join(tempDir(t), 'log')
  const { log } = open(t, path, { maxBytes: 4 })
  for (const word of ['12345', 'ab']) log.write(Buffer.from(word))
  assert.equal(text(path), 'ab')
})

test('a file that was emptied from outside is not rotated too soon', (t) => {
  const path = join(tempDir(t), 'log')
  const { log } = open(t, path, { maxBytes: 10, backups: 1 })
  log.write(Buffer.from('12345678'))
  writeFileSync(path, '')
  log.write(Buffer.from('abc'))
  assert.equal(text(path), 'abc')
  assert.equal(existsSync(`${path}.1`), false)
})

test('clear begins a new file, reopen follows the name', (t) => {
  const folder = tempDir(t)
  const path = join(folder, 'log')
  const { log } = open(t, path)
  log.write(Buffer.from('one'))
  log.clear()
  log.write(Buffer.from('two'))
  assert.equal(text(path), 'two')
  renameSync(path, `${path}.moved`)
  log.reopen()
  log.write(Buffer.from('three'))
  assert.equal(text(path), 'three')
  assert.equal(text(`${path}.moved`), 'two')
})

test('a link stays a link, and what is no file stays at all', (t) => {
  const folder = tempDir(t)
  const link = join(folder, 'link')
  writeFileSync(join(folder, 'target'), '')
  symlinkSync('target', link)
  const { log } = open(t, link)
  log.write(Buffer.from('gone'))
  log.clear()
  log.write(Buffer.from('kept'))
  assert.equal(text(join(folder, 'target')), 'kept')
  const device = join(folder, 'device')
  symlinkSync('/dev/null', device)
  const { log: other } = open(t, device, { maxBytes: 1, backups: 1 })
  for (let count = 0; count < 3; count++) other.write(Buffer.from('nowhere'))
  other.clear()
  assert.deepEqual(readdirSync(folder).sort(), ['device', 'link', 'target'])
})

test('a full disk is told once, costs bytes but no life, and its cure is told', (t) => {
  const { log, told } = open(t, '/dev/full')
  for (let count = 0; count < 3; count++) assert.equal(log.write(Buffer.from('12345')), true)
  assert.deepEqual(told.problems, [['ENOSPC', 5]])
})

test('a deleted folder is told at the rotation; when it is back, writing goes on', async (t) => {
  const folder = join(tempDir(t), 'logs')
  mkdirSync(folder)
  const path = join(folder, 'log')
  const { log, told } = open(t, path, { maxBytes: 4, backups: 1 })
  rmSync(folder, { recursive: true })
  log.write(Buffer.from('12345'))
  assert.deepEqual(told.problems, [['ENOENT', 0]])
  log.write(Buffer.from('lost!'))
  mkdirSync(folder)
  await waitFor('the log', () => {
    log.write(Buffer.from('x'))
    return existsSync(path)
  })
  assert.equal(text(path), 'x')
  assert.equal(told.problems.at(-1)?.[0], null)
})

test('a file that cannot be rotated is written all the same, which is told once', (t) => {
  const path = join(tempDir(t), 'log')
  // A folder in the place of the first backup: to root, too, a rotation that fails.
  mkdirSync(`${path}.1`)
  let now = 0
  const { log, told } = open(t, path, { maxBytes: 10, backups: 1, now: () => now })
  for (let count = 10; count < 70; count++) log.write(Buffer.from(`line ${count}\n`))
  assert.equal(text(path).split('\n').length - 1, 60)
  now += 60_000
  log.write(Buffer.from('still\n'))
  assert.deepEqual([told.unrotated, told.problems], [['EISDIR'], []])
  rmdirSync(`${path}.1`)
  log.write(Buffer.from('soon\n'))
  assert.equal(existsSync(`${path}.1`), false)
  now += 60_000
  for (const word of ['last\n', 'fresh\n']) log.write(Buffer.from(word))
  assert.equal(text(path), 'fresh\n')
  assert.match(text(`${path}.1`), /^line 10\n[^]*line 69\nstill\nsoon\nlast\n$/)
})

test('a file that the system refuses to close is told, not thrown', (t) => {
  const path = join(tempDir(t), 'log')
  const { log, told } = open(t, path)
  // To close(2) a descriptor that is closed already is what a full quota on NFS is: an error.
  closeSync(descriptorOf(path))
  log.close()
  assert.deepEqual(told.problems, [['EBADF', 0]])
})

test('a pipe nobody reads holds its writer back, and loses nothing when it is read', async (t) => {
  const folder = tempDir(t)
  const path = join(folder, 'pipe')
  const reader = spawn('sh', ['-c', 'mkfifo pipe; exec 3<>pipe; echo ready; read go; exec head -c 200000 <&3'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => reader.kill('SIGKILL'))
  let read = 0
  reader.stdout.on('data', (chunk: Buffer) => (read += chunk.length))
  await waitFor('the reader', () => read > 0)
  const { log, told } = open(t, path, { maxBytes: 100 })
  assert.equal(log.write(new Uint8Array(200_000)), false)
  assert.equal(told.ready, 0)
  reader.stdin.end('go\n')
  await waitFor('the end of it', () => read >= 200_000 + 'ready\n'.length)
  await waitFor('ready', () => told.ready)
  assert.deepEqual(told.problems, [])
})
