// The rendered pod: what the chart makes of values, and what a kubelet makes of the pod.
import assert from 'node:assert/strict'
import type { KubernetesObject } from './helm.ts'

export interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string }
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly configMapKeyRef?: { readonly name: string; readonly key: string }
  }
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number }
  readonly periodSeconds?: number
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env: readonly Variable[]
  readonly envFrom?: readonly unknown[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly securityContext?: unknown
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
}

export interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
  readonly projected?: { readonly sources: readonly Readonly<Record<string, Projection>>[] }
}
interface Projection {
  readonly name: string
  readonly items: readonly { readonly key: string; readonly path: string }[]
}

export interface Workload extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number
    readonly serviceName?: string
    readonly strategy?: unknown
    readonly updateStrategy?: unknown
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly template: {
      readonly metadata: {
        readonly labels: Readonly<Record<string, string>>
        readonly annotations?: Readonly<Record<string, string>>
      }
      readonly spec: Pod
    }
  }
}
export interface Pod {
  readonly terminationGracePeriodSeconds: number
  readonly enableServiceLinks: boolean
  readonly automountServiceAccountToken: boolean
  readonly securityContext: unknown
  readonly containers: readonly Container[]
  readonly initContainers?: readonly { readonly volumeMounts?: Container['volumeMounts'] }[]
  readonly volumes: readonly Volume[]
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[]
}

export function workloadOf(objects: readonly KubernetesObject[]): {
  workload: Workload
  pod: Pod
  container: Container
} {
  const workload = objects.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet') as Workload | undefined
  assert.ok(workload !== undefined, 'there is no workload')
  const pod = workload.spec.template.spec
  const [container] = pod.containers
  assert.ok(container !== undefined)
  return { workload, pod, container }
}

const fields: Readonly<Record<string, string>> = {
  'metadata.name': 'scores-pidpiper-0',
  'metadata.namespace': 'data',
  'metadata.uid': '0b5a0d0e-8f0c-4a55-9f2d-1f5fce0f2a11',
  'status.podIP': '10.1.2.3',
  'status.hostIP': '10.1.0.1',
}

/** The environment of the container. `brings` is what envFrom holds, `keys` what every key of a Secret is by variable. */
export function environmentOf(
  { env }: Container,
  brings: Readonly<Record<string, string>>,
  keys: (variable: string) => string,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const { name, value, valueFrom } of env) {
    const field = valueFrom?.fieldRef?.fieldPath
    // Kubernetes: expansion.Expand; a reference to what is not defined before stays as it is.
    const expanded = value?.replace(/\$\(([\w.-]+)\)/g, (text, other: string) => environment[other] ?? text)
    environment[name] = expanded ?? (field === undefined ? keys(name) : (fields[field] ?? ''))
  }
  return { ...brings, PATH: '/usr/local/bin:/usr/bin:/bin', ...environment }
}
