import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { loadSupervisordConfig, type LoadedFile } from '../../../../src/faces/supervisord/config/load.ts'
import { nodeMachine } from '../../../../src/faces/supervisord/config/node-machine.ts'
import { tempDir } from '../../../support/temp.ts'
import { anyLines, likelyFile } from './random-files.ts'
import { askOurs, askReal, realPython, sharedEnvironment } from './real-supervisord.ts'

const python = realPython()
const environment = sharedEnvironment({})

function machineIn(folder: string): ReturnType<typeof nodeMachine> {
  return nodeMachine({ environment, cwd: folder, uid: process.getuid?.() ?? 0 })
}

function loadText(t: TestContext, text: string): LoadedFile {
  const folder = tempDir(t)
  const file = join(folder, 'supervisord.conf')
  writeFileSync(file, text)
  return loadSupervisordConfig({ file, machine: machineIn(folder) })
}

test('a misspelt key warns with the nearest name, and the default holds', (t) => {
  const { config, warnings } = loadText(t, '[supervisord]\n[program:cat]\ncommand=cat\nstartsec=15\n')
  assert.equal(config?.groups[0]?.processes[0]?.spec.startsecs, 1)
  assert.ok(warnings.some(({ text }) => text.includes('startsec') && text.includes('startsecs')))
})

test('numprocs makes processes, whose names must tell them apart', (t) => {
  const good = '[supervisord]\n[program:x]\ncommand=cat\nnumprocs=3\nprocess_name=x_%(process_num)02d\n'
  const names = loadText(t, good).config?.groups[0]?.processes.map(({ spec }) => spec.name)
  assert.deepEqual(names, ['x_00', 'x_01', 'x_02'])
  const { config, problems } = loadText(t, good.replace(/process_name.*\n/, ''))
  assert.equal(config, null)
  assert.match(problems[0]?.text ?? '', /process_num.* must be present within process_name when numprocs > 1/)
})

test('no text makes the loader throw: it is a configuration, or problems with their text', (t) => {
  fc.assert(
    fc.property(fc.oneof(likelyFile, anyLines), (text) => {
      const { config, problems } = loadText(t, text)
      assert.equal(config === null, problems.length > 0)
      assert.ok(problems.every((problem) => problem.text !== ''))
    }),
    { numRuns: 60 },
  )
})

const skip = python === null && 'needs python3 with the module supervisor (Debian: apt-get install supervisor)'

test('Debian’s supervisord reads the same from the same files', { skip }, (t) => {
  const folder = tempDir(t)
  const samples = fc.sample(likelyFile, { numRuns: 40, seed: 7 })
  const files = samples.map((text, i) => {
    const file = join(folder, `${i}.conf`)
    writeFileSync(file, text)
    return file
  })
  const real = askReal(python ?? '', { files }, environment).files
  files.forEach((file, i) => {
    const theirs = real[i]
    if (theirs === undefined || theirs.crash !== undefined) return
    const ours = askOurs({ file, machine: machineIn(folder) })
    if (theirs.error !== undefined) assert.ok(ours.error !== undefined, `${theirs.error}: ${samples[i] ?? ''}`)
    else assert.deepEqual(ours['groups'], theirs['groups'], samples[i])
  })
})
