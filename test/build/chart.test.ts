import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { version } from '../../src/version.ts'
import { byKind, installHelm, runHelm } from './support/helm.ts'

interface Deployment {
  spec: { replicas: number; template: { spec: PodSpec } }
}
interface PodSpec {
  terminationGracePeriodSeconds: number
  enableServiceLinks: boolean
  automountServiceAccountToken: boolean
  securityContext: unknown
  volumes: { name: string }[]
  containers: Container[]
}
interface Container {
  image: string
  args?: string[]
  env: { name: string; valueFrom: { fieldRef: { fieldPath: string } } }[]
  envFrom: Record<string, { name: string }>[]
  ports: unknown
  livenessProbe: { httpGet: unknown }
  readinessProbe: { httpGet: unknown }
  securityContext: unknown
  volumeMounts: { name: string; mountPath: string }[]
}

/** Renders the chart with `--set-json` values; keys are paths like `env.NODE_ID`. */
function render(values: Record<string, unknown> = {}) {
  const settings = Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`])
  const { status, stdout, stderr } = runHelm(['template', 'scores', 'pidpiper', ...settings])
  assert.equal(status, 0, stderr)
  const kinds = byKind(stdout)
  const pod = (kinds.get('Deployment') as Deployment).spec.template.spec
  const [container] = pod.containers
  assert.ok(container !== undefined)
  const { data } = kinds.get('ConfigMap') as { data: Record<string, string> }
  return { kinds, pod, container, data }
}

describe('chart', { skip: installHelm() ?? false }, () => {
  it('passes helm lint without a warning', () => {
    const { status, stdout, stderr } = runHelm(['lint', '--strict', '--quiet', 'pidpiper'])
    assert.equal(status, 0, stdout + stderr)
    assert.match(runHelm(['version', '--short']).stdout, /^v4\./)
  })

  it('carries the version of the project', () => {
    const text = readFileSync(join(import.meta.dirname, '..', '..', 'charts', 'pidpiper', 'Chart.yaml'), 'utf8')
    assert.match(text, new RegExp(`^version: ${version}\nappVersion: "${version}"\n`, 'm'))
    assert.equal(render().container.image, `pidpiper:${version}`)
  })

  it('gives the agent the variables that are set, as text, and no empty one', () => {
    const { data } = render({
      'env.NODE_ID': 'w1',
      'env.OUTPUT_JSON': true,
      'env.BUFFER_BYTES': 67_108_864,
      'env.KAFKA_DSN': 'k:9092',
    })
    assert.deepEqual(data, {
      HTTP_LISTEN: ':8080',
      NODE_ID: 'w1',
      KAFKA_DSN: 'k:9092',
      OUTPUT_JSON: 'true',
      BUFFER_BYTES: '67108864',
      ADOPTION_GRACEPERIOD: '3s',
      SHUTDOWN_GRACEPERIOD: '3s',
    })
  })

  it('takes variables from Secrets, and the pod’s name and address from the platform', () => {
    const { container, pod } = render({ envFromSecrets: ['kafka'], envFromConfigMaps: ['site'] })
    assert.deepEqual(container.envFrom, [
      { configMapRef: { name: 'site' } },
      { secretRef: { name: 'kafka' } },
      { configMapRef: { name: 'scores-pidpiper' } },
    ])
    const fields = container.env.map(({ name, valueFrom }) => [name, valueFrom.fieldRef.fieldPath])
    assert.deepEqual(fields, [
      ['POD_NAME', 'metadata.name'],
      ['POD_IP', 'status.podIP'],
    ])
    assert.equal(pod.enableServiceLinks, false)
  })

  it('leaves the pod both grace periods and the reserve before it is killed', () => {
    const seconds = (adoption: unknown, shutdown: unknown): number =>
      render({ 'env.ADOPTION_GRACEPERIOD': adoption, 'env.SHUTDOWN_GRACEPERIOD': shutdown }).pod
        .terminationGracePeriodSeconds
    assert.equal(render().pod.terminationGracePeriodSeconds, 11)
    assert.equal(seconds('1m30s', '2h'), 90 + 7200 + 5)
    assert.equal(seconds('300ms', '1.5s'), 7)
    assert.equal(seconds('4', '0s'), 9)
    assert.equal(seconds('', ''), 11)
  })

  it('asks /livez and /readyz on the port that the agent listens on', () => {
    const { container, data, kinds } = render({ port: 9000 })
    assert.equal(data['HTTP_LISTEN'], ':9000')
    assert.deepEqual(container.ports, [{ name: 'http', containerPort: 9000 }])
    assert.deepEqual(container.livenessProbe.httpGet, { path: '/livez', port: 'http' })
    assert.deepEqual(container.readinessProbe.httpGet, { path: '/readyz', port: 'http' })
    const { spec } = kinds.get('Service') as { spec: { ports: unknown } }
    assert.deepEqual(spec.ports, [{ name: 'http', port: 9000, targetPort: 'http' }])
    assert.equal(render({ 'service.enabled': false }).kinds.has('Service'), false)
  })

  it('fits the restricted Pod Security Standard with a read-only root', () => {
    const { pod, container } = render()
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    assert.equal(pod.automountServiceAccountToken, false)
  })

  it('passes the agent’s words and mounts the Model beside /tmp', () => {
    const { pod, container } = render({
      args: ['--bin', 'python3', '--args', '/opt/app/io_main.py,/var/model'],
      volumes: [{ name: 'model', persistentVolumeClaim: { claimName: 'm' } }],
      volumeMounts: [{ name: 'model', mountPath: '/var/model' }],
    })
    assert.deepEqual(container.args, ['--bin', 'python3', '--args', '/opt/app/io_main.py,/var/model'])
    assert.deepEqual(
      pod.volumes.map(({ name }) => name),
      ['tmp', 'model'],
    )
    assert.deepEqual(
      container.volumeMounts.map(({ mountPath }) => mountPath),
      ['/tmp', '/var/model'],
    )
    assert.equal(render().container.args, undefined)
  })

  it('refuses values that the agent would refuse, and names that it does not know', () => {
    const wrong: [string, unknown][] = [
      ['env.ADOPTION_GRACEPERIOD', 'soon'],
      ['env.CONSUL_NAME_TPL', 'no-place'],
      ['env.LOG_LEVEL', 'loud'],
      ['env.HTTP_LISTEN', ':1'],
      ['env.NODE_ID', 'a/b'],
      ['replica', 2],
    ]
    for (const [path, value] of wrong) {
      const { status, stderr } = runHelm([
        'template',
        'x',
        'pidpiper',
        '--set-json',
        `${path}=${JSON.stringify(value)}`,
      ])
      assert.notEqual(status, 0, `${path}=${String(value)} is accepted`)
      assert.match(stderr, new RegExp(path.split('.').at(-1) ?? ''))
    }
  })
})
