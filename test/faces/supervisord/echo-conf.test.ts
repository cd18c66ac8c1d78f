import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownKeys, unknownKeys } from '../../../src/faces/supervisord/config/known-keys.ts'
import { loadSupervisordConfig, type LoadedFile } from '../../../src/faces/supervisord/config/load.ts'
import { nodeMachine } from '../../../src/faces/supervisord/config/node-machine.ts'
import { sampleConfiguration } from '../../../src/faces/supervisord/echo-conf.ts'
import { parseIni } from '../../../src/wire/ini.ts'

const real = nodeMachine({ environment: { PATH: '/bin' }, cwd: '/tmp', uid: 0 })
const load = (text: string): LoadedFile =>
  loadSupervisordConfig({
    file: '/sample.conf',
    machine: {
      ...real,
      look: (path) => (path === '/sample.conf' ? { kind: 'file', mode: 0o644, uid: 0, gid: 0 } : real.look(path)),
      read: () => Buffer.from(text),
    },
  })
const uncommented = sampleConfiguration.replace(/^;(?=\[|[a-z_]+ ?=)/gm, '')

test('the sample is a configuration without a flaw', () => {
  const { config, problems, warnings } = load(sampleConfiguration)
  assert.deepEqual([problems, warnings], [[], []])
  assert.ok(config !== null)
  assert.equal(config.groups.length, 0)
  assert.equal(config.serverUrl, 'unix:///tmp/supervisor.sock')
})

test('every key there is stands in the sample, and no other', () => {
  const { document, problems } = parseIni(uncommented, '/sample.conf')
  assert.deepEqual(problems, [])
  assert.deepEqual(unknownKeys(document), [])
  const shown = new Map<string, Set<string>>()
  for (const { name, values } of document.sections.values()) shown.set(name.split(':')[0] ?? '', new Set(values.keys()))
  const program = [...(shown.get('program') ?? [])]
  for (const [kind, keys] of knownKeys) {
    if (keys === null) continue
    // Listeners and FastCGI programs have the keys of programs too; the sample says so.
    const there = new Set([...(shown.get(kind) ?? []), ...(/listener|fcgi/.test(kind) ? program : [])])
    assert.deepEqual(
      [...keys].filter((key) => !there.has(key)),
      [],
      kind,
    )
  }
})

test('values that are not called examples are the defaults', () => {
  const lines = uncommented.split('\n')
  const from = lines.indexOf('[program:theprogramname]')
  const section = lines.slice(from, lines.indexOf('', from)).filter((line) => !/; (required, an )?example/.test(line))
  const base = '[supervisord]\n[program:theprogramname]\ncommand=/bin/cat\n'
  // Places differ with the lines, and nothing else may.
  const groups = (text: string): unknown =>
    JSON.parse(JSON.stringify(load(text).config?.groups, (key, value: unknown) => (key === 'place' ? null : value)))
  const spelled = `[supervisord]\n${section.filter((line) => !line.startsWith('; ')).join('\n')}\n`
  assert.deepEqual(load(spelled).problems, [])
  assert.ok(section.length > 30)
  assert.deepEqual(groups(spelled), groups(base))
})
