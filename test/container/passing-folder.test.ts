import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../support/temp.ts'
import { orphanedFolders, passingFolder, removeFolder } from './support/passing-folder.ts'

test('the folder of a run that is gone is removed, others are not', async (t) => {
  const parent = tempDir(t)
  const gone = spawnSync('true').pid
  const orphan = join(parent, `debian-${gone}-a1B2c3`)
  const others = [`python-${gone}-a1B2c3`, `debian-${gone}`, `debian-x-a1B2c3`, 'debian.tar'].map((name) =>
    join(parent, name),
  )
  for (const folder of [orphan, ...others]) mkdirSync(folder)
  writeFileSync(join(orphan, 'file'), '')
  others.push(await passingFolder(parent, 'debian'))
  assert.deepEqual(await orphanedFolders(parent, 'debian'), [orphan])
  await removeFolder(orphan)
  assert.deepEqual([orphan, ...others].map(existsSync), [false, ...others.map(() => true)])
})
