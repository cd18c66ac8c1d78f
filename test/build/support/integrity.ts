// What the types of Kubernetes cannot say and its API server or kubelet would refuse, or silently not do.
import assert from 'node:assert/strict'
import type { KubernetesObject } from './helm.ts'
import { workloadOf } from './workload.ts'

type Labels = Readonly<Record<string, string>>
interface Selecting {
  readonly selector?: Labels & { readonly matchLabels?: Labels }
  readonly podSelector?: { readonly matchLabels: Labels }
  readonly ports?: readonly { readonly targetPort: string }[]
  readonly endpoints?: readonly { readonly port: string }[]
}

const twice = (words: readonly string[]): string[] => words.filter((word, index) => words.indexOf(word) !== index)

/** Raises an AssertionError that names what does not fit together. */
export function assertIntegrity(objects: readonly KubernetesObject[]): void {
  for (const { metadata } of objects) assert.match(metadata.name, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
  assert.deepEqual(twice(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)), [])
  const { workload } = workloadOf(objects)
  assertVolumes(objects)
  assertEnvironment(objects)
  for (const { kind, spec } of objects) assertSelector(kind, spec as Selecting | undefined, objects)
  assertHas(workload.spec.template.metadata.labels, workload.spec.selector.matchLabels, 'the workload')
}

function assertVolumes(objects: readonly KubernetesObject[]): void {
  const { pod, container } = workloadOf(objects)
  const { volumes, initContainers = [] } = pod
  const names = volumes.map(({ name }) => name)
  assert.deepEqual(twice(names), [])
  const mounts = [container, ...initContainers].flatMap(({ volumeMounts = [] }) => volumeMounts)
  assert.deepEqual(
    mounts.filter(({ name }) => !names.includes(name)),
    [],
    'mounts without a volume',
  )
  assert.deepEqual(
    names.filter((name) => !mounts.some((mount) => mount.name === name)),
    [],
    'volumes without a mount',
  )
  assert.deepEqual(twice(container.volumeMounts.map(({ mountPath }) => mountPath)), [])
  const own = volumes.find(({ name }) => name === 'config')?.configMap?.name
  const made = objects.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name)
  assert.deepEqual(made, own === undefined ? [] : [own])
}

function assertEnvironment(objects: readonly KubernetesObject[]): void {
  const { container } = workloadOf(objects)
  assert.deepEqual(twice(container.env.map(({ name }) => name)), [])
  const ports = (container.ports ?? []).map(({ name }) => name)
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    if (probe?.httpGet !== undefined) assert.ok(ports.includes(String(probe.httpGet.port)))
  }
}

function assertSelector(kind: string, spec: Selecting | undefined, objects: readonly KubernetesObject[]): void {
  const { workload, container } = workloadOf(objects)
  const podLabels = workload.spec.template.metadata.labels
  const ports = (container.ports ?? []).map(({ name }) => name)
  if (kind === 'Service') {
    assertHas(podLabels, spec?.selector, kind)
    for (const { targetPort } of spec?.ports ?? []) assert.ok(ports.includes(targetPort))
  }
  if (kind === 'PodDisruptionBudget') assertHas(podLabels, spec?.selector?.matchLabels, kind)
  if (kind === 'NetworkPolicy') assertHas(podLabels, spec?.podSelector?.matchLabels, kind)
  if (kind === 'ServiceMonitor') {
    const service = objects.find((object) => object.kind === 'Service')
    assertHas(service?.metadata.labels, spec?.selector?.matchLabels, kind)
    for (const { port } of spec?.endpoints ?? []) assert.equal(port, 'http')
  }
}

function assertHas(labels: Labels | undefined, wanted: Labels | undefined, who: string): void {
  assert.ok(wanted !== undefined && Object.keys(wanted).length > 0, `${who} selects everything`)
  for (const [name, value] of Object.entries(wanted)) assert.equal(labels?.[name], value, `${who} selects ${name}`)
}
