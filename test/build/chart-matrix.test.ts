// Every set of values: the same under Helm 3 and 4, what Kubernetes takes, and what the agent takes.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { before, describe, it } from 'node:test'
import { parseArguments } from '../../src/cli/arguments.ts'
import { check as explainCheck } from '../../src/cli/check.ts'
import { loadConfig } from '../../src/config/config.ts'
import { explain } from '../../src/config/explain.ts'
import type { Machine } from '../../src/config/machine.ts'
import { installTools } from '../../scripts/chart/tools.ts'
import { renderAll, valueSets, type Rendered, type ValueSet } from './support/chart-sets.ts'
import type { KubernetesObject } from './support/helm.ts'
import { assertIntegrity } from './support/integrity.ts'
import { typeProblems } from './support/kubernetes-types.ts'
import { environmentOf, workloadOf, type Pod } from './support/workload.ts'

const skip = installTools() ?? false
const sets = skip === false ? valueSets() : []

/** What a Secret holds under the key of a variable. */
const secretOf = (variable: string): string =>
  /_(CA|CERT|KEY)_FILE$|CACERT$|_CLIENT_(CERT|KEY)$/.test(variable)
    ? '-----BEGIN CERTIFICATE-----'
    : ({ KAFKA_DSN: 'kafka://me:secret@kafka:9092', CONSUL_DSN: 'https://consul:8501' }[variable] ?? 'secret')

/** The pod's files as far as the agent reads any, every program, and the folder that --in and --out need. */
function machineOf({ volumes }: Pod): Machine {
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? [])
  const paths = sources.flatMap((source) => Object.values(source).flatMap(({ items }) => items.map(({ path }) => path)))
  const files = new Map(paths.map((path) => [`/etc/pidpiper/secrets/${path}`, `${secretOf(path)}\n`]))
  return {
    read: (path) => {
      const text = files.get(path)
      if (text === undefined) throw Object.assign(new Error(`cannot open ${path}`), { code: 'ENOENT' })
      return text
    },
    kind: (path) => (path.startsWith('/data/') ? 'file' : 'program'),
    head: () => null,
    same: () => false,
    arch: 'x64',
    hostName: () => 'scores-pidpiper-0',
    terminal: false,
  }
}

/** `pidpiper check` with the words, variables and files of the rendered pod. */
function checked({ brings }: ValueSet, objects: readonly KubernetesObject[]) {
  const { pod, container } = workloadOf(objects)
  const invocation = parseArguments(['check', ...(container.args ?? [])], 'pidpiper')
  assert.equal(invocation.command, 'check')
  const environment = environmentOf(container, brings ?? {}, secretOf)
  const loaded = loadConfig({ environment, flags: invocation.flags, machine: machineOf(pod) })
  const rows = explain(loaded, invocation.flags)
  return { ...explainCheck({ ...loaded, rows }, { json: false, colors: false }), loaded, pod, container }
}

describe('values of the chart', { skip }, () => {
  let all: Rendered[] = []
  before(async () => {
    all = await renderAll(sets)
  })

  const each = (title: string, verify: (set: ValueSet, rendered: Rendered) => void): void => {
    it(title, () => {
      for (const [index, set] of sets.entries()) {
        const rendered = all[index]
        assert.ok(rendered !== undefined)
        try {
          verify(set, rendered)
        } catch (cause) {
          throw new Error(`with the values "${set.name}"`, { cause })
        }
      }
    })
  }

  it('are at least thirty', () => {
    assert.ok(sets.length >= 30)
    assert.ok(sets.some(({ name }) => name.endsWith('docs/kubernetes.md')))
    assert.equal(new Set(sets.map(({ name }) => name)).size, sets.length)
  })

  each('render to the same objects under Helm 3 and 4', (_set, rendered) => {
    assert.deepEqual(rendered[3], rendered[4])
  })

  each('render to the objects that they ask for', ({ name, values, kinds = [], check }, rendered) => {
    const workload = values['stateful'] === true ? 'StatefulSet' : 'Deployment'
    const service = check === 'none' || name === 'no Service' ? [] : ['Service']
    const expected = [workload, ...service, ...kinds]
    assert.deepEqual(rendered[4].map(({ kind }) => kind).sort(), expected.sort())
  })

  it('are valid by the types of Kubernetes and of the Prometheus operator', () => {
    const objects = all.flatMap((rendered) => rendered[4])
    const wrong: KubernetesObject[] = [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', labels: {} }, spec: { tpye: 'ClusterIP' } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', labels: {} }, spec: { replicas: '1' } },
    ]
    const problems = typeProblems([...objects, ...wrong])
    const told = [...problems].map(([index, text]) => [index - objects.length, text.slice(0, 60)] as const)
    assert.deepEqual(
      told.filter(([index]) => index < 0),
      [],
    )
    assert.deepEqual(told.map(([index]) => index).sort(), [0, 1], 'the compiler finds what is wrong')
  })

  each('fit together', (_set, rendered) => assertIntegrity(rendered[4]))

  each('are accepted by pidpiper check', (set, rendered) => {
    if (set.check === 'none') return
    const { exitCode, stderr, loaded } = checked(set, rendered[4])
    assert.equal(exitCode, 0, stderr)
    const [slip] = loaded.warnings.filter((warning) => /not known|without effect/.test(warning))
    assert.equal(slip, undefined)
  })

  // The rest is asked in this process: a start for each would take as long as all of this file.
  it('start the binary, which says the same', () => {
    const binary = process.env['TEST_BINARY'] ?? ''
    const named = [
      'the Consul agent of the node',
      'a name out of the pod’s own',
      'one-to-one with every rule of the streams',
    ]
    const chosen = [...sets.entries()].filter(([, { name }]) => named.includes(name))
    assert.equal(chosen.length, named.length)
    for (const [index] of chosen) {
      const { container } = workloadOf(all[index]?.[4] ?? [])
      const env = environmentOf(container, {}, secretOf)
      const { status, stdout, stderr } = spawnSync(binary, ['check', ...(container.args ?? [])], {
        env,
        encoding: 'utf8',
      })
      assert.equal(status, 0, stderr)
      assert.match(stdout, new RegExp(`NODE_ID +${env['NODE_ID'] ?? ''} +environment`))
    }
  })

  each('give the agent the port of the probes and the time that it takes to stop', (set, rendered) => {
    if (set.check === 'none') return
    const { loaded, pod, container } = checked(set, rendered[4])
    assert.ok(loaded.config !== null)
    const { http, adoptionGraceMs, shutdownGraceMs } = loaded.config
    assert.equal(container.ports?.[0]?.containerPort, http?.port)
    assert.ok(pod.terminationGracePeriodSeconds * 1000 >= adoptionGraceMs + shutdownGraceMs + 1000)
  })
})
