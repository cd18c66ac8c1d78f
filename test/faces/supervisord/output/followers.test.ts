import assert from 'node:assert/strict'
import { appendFileSync, closeSync, renameSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Followers } from '../../../../src/faces/supervisord/output/followers.ts'
import { code } from '../../../engine/supervision/supervisor-engine.ts'
import { descriptorOf } from '../../../support/descriptor-of.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { tempDir } from '../../../support/temp.ts'

const text = async (piece: Promise<Uint8Array | null>): Promise<string | null> => {
  const bytes = await piece
  return bytes && Buffer.from(bytes).toString()
}

test('a follower begins near the end, waits, and goes on over truncation and rotation', async (t) => {
  const path = join(tempDir(t), 'log')
  writeFileSync(path, 'x'.repeat(2000))
  const clock = new FakeClock()
  const followers = new Followers(clock)
  const follower = followers.follow(path, 'cat')
  assert.equal(await text(follower.next()), 'x'.repeat(1024))
  const waiting = text(follower.next())
  appendFileSync(path, 'more')
  followers.touched(path)
  assert.equal(await waiting, 'more')
  truncateSync(path)
  assert.equal(await text(follower.next()), '==> File truncated <==\n')
  appendFileSync(path, 'last words')
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'new file')
  assert.equal(await text(follower.next()), 'last words')
  assert.equal(await text(follower.next()), 'new file')
  const unheard = text(follower.next())
  appendFileSync(path, ' by somebody else')
  await clock.advance(1000)
  assert.equal(await unheard, ' by somebody else')
  const end = follower.next()
  followers.close(path)
  assert.equal(await end, null)
  assert.equal(await follower.next(), null)
  assert.equal(clock.pending, 0)
})

test('a name that cannot be looked at leaves the follower with the file that it has', async (t) => {
  const path = join(tempDir(t), 'log')
  writeFileSync(path, 'seen')
  const clock = new FakeClock()
  const followers = new Followers(clock)
  t.after(() => followers.close())
  const follower = followers.follow(path, 'cat')
  assert.equal(await text(follower.next()), 'seen')
  // ELOOP stands for all that is neither there nor missing, such as a folder that was closed to us.
  renameSync(path, `${path}.1`)
  symlinkSync(path, path)
  const waiting = text(follower.next())
  await clock.advance(1000)
  appendFileSync(`${path}.1`, 'more')
  await clock.advance(1000)
  assert.equal(await waiting, 'more')
  unlinkSync(path)
  writeFileSync(path, 'new file')
  assert.equal(await text(follower.next()), 'new file')
})

test('a file that the system takes away is at its end', async (t) => {
  const path = join(tempDir(t), 'log')
  writeFileSync(path, 'seen')
  const clock = new FakeClock()
  const follower = new Followers(clock).follow(path, 'cat')
  assert.equal(await text(follower.next()), 'seen')
  const waiting = follower.next()
  // To fstat(2) a closed descriptor is what a stale mount is: an error.
  closeSync(descriptorOf(path))
  await clock.advance(1000)
  assert.equal(await waiting, null)
  assert.equal(await follower.next(), null)
  assert.equal(clock.pending, 0)
})

test('what is no file cannot be followed', (t) => {
  const followers = new Followers(new FakeClock())
  assert.throws(() => followers.follow(join(tempDir(t), 'none'), 'cat'), code('NO_FILE', 'cat'))
  assert.throws(() => followers.follow('/dev/null', 'cat'), code('NO_FILE', 'cat'))
})
