import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { helmPath, helmVersions, installTools, parseYaml, project } from '../../scripts/chart/tools.ts'
import { render, runHelm, type KubernetesObject } from './support/helm.ts'
import { workloadOf } from './support/workload.ts'

type Values = Readonly<Record<string, unknown>>

const consul = { NODE_ID: 'w1', KAFKA_DSN: 'kafka:9092', CONSUL_DSN: 'consul:8500' }

/** The pod of the chart with `values`, its container, and the variables that have a value of their own. */
async function podOf(values: Values = {}) {
  const objects = await render(values)
  const { workload, pod, container } = workloadOf(objects)
  const set = Object.fromEntries(
    container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  )
  return { objects, workload, pod, container, set }
}

describe('chart', { skip: installTools() ?? false }, () => {
  for (const version of helmVersions) {
    it(`passes helm lint of Helm ${version} without a warning`, async () => {
      assert.match((await runHelm(['version', '--short'], version)).stdout, new RegExp(`^v${version}\\.`))
      const { status, stdout, stderr } = await runHelm(['lint', '--strict', '--quiet', 'pidpiper'], version)
      assert.equal(status, 0, stdout + stderr)
    })
  }

  it('gives the agent the variables that are set, as text, and no empty one', async () => {
    const env = { ...consul, OUTPUT_JSON: true, BUFFER_BYTES: 67_108_864, INPUT_TOPICS: ['a', 'b'] }
    const { set } = await podOf({ env })
    assert.deepEqual(set, {
      ...consul,
      HTTP_LISTEN: ':8080',
      OUTPUT_JSON: 'true',
      BUFFER_BYTES: '67108864',
      INPUT_TOPICS: 'a,b',
      ADOPTION_GRACEPERIOD: '3s',
      SHUTDOWN_GRACEPERIOD: '3s',
    })
  })

  it('takes from the platform the pod’s names, address and node', async () => {
    const { container, pod, set } = await podOf({
      env: { NODE_ID: 'w1', KAFKA_DSN: 'kafka:9092' },
      consul: { useHostIP: true, scheme: 'https' },
    })
    const fields = container.env.map(({ name, valueFrom }) => [name, valueFrom?.fieldRef?.fieldPath])
    assert.deepEqual(
      fields.filter(([, path]) => path !== undefined),
      [
        ['HOST_IP', 'status.hostIP'],
        ['POD_IP', 'status.podIP'],
        ['POD_NAME', 'metadata.name'],
        ['POD_NAMESPACE', 'metadata.namespace'],
        ['POD_UID', 'metadata.uid'],
      ],
    )
    assert.equal(set['CONSUL_DSN'], 'https://$(HOST_IP):8500')
    assert.equal(pod.enableServiceLinks, false)
  })

  it('takes secrets by reference, as variables and as files, and whole Secrets', async () => {
    const secrets = {
      KAFKA_SASL_PASSWORD: { secretName: 'kafka', key: 'password' },
      CONSUL_HTTP_TOKEN: { secretName: 'consul', key: 'token', asFile: true },
      KAFKA_TLS_CA_FILE: { configMapName: 'ca', key: 'ca.crt' },
    }
    const { container, pod, set } = await podOf({ secrets, envFromSecrets: ['all'], envFromConfigMaps: ['site'] })
    const password = container.env.find(({ name }) => name === 'KAFKA_SASL_PASSWORD')
    assert.deepEqual(password?.valueFrom, { secretKeyRef: { name: 'kafka', key: 'password' } })
    assert.equal(set['CONSUL_HTTP_TOKEN_FILE'], '/etc/pidpiper/secrets/CONSUL_HTTP_TOKEN')
    assert.equal(set['KAFKA_TLS_CA_FILE'], '/etc/pidpiper/secrets/KAFKA_TLS_CA_FILE')
    assert.deepEqual(pod.volumes.find(({ name }) => name === 'secrets')?.projected?.sources, [
      { secret: { name: 'consul', items: [{ key: 'token', path: 'CONSUL_HTTP_TOKEN' }] } },
      { configMap: { name: 'ca', items: [{ key: 'ca.crt', path: 'KAFKA_TLS_CA_FILE' }] } },
    ])
    assert.deepEqual(container.envFrom, [{ configMapRef: { name: 'site' } }, { secretRef: { name: 'all' } }])
  })

  it('leaves the pod both grace periods and the reserve before it is killed', async () => {
    const seconds = async (adoption: unknown, shutdown: unknown, more: Values = {}): Promise<number> => {
      const env = { ADOPTION_GRACEPERIOD: adoption, SHUTDOWN_GRACEPERIOD: shutdown }
      return (await podOf({ env, ...more })).pod.terminationGracePeriodSeconds
    }
    assert.equal(await seconds('1m30s', '2h'), 90 + 7200 + 5)
    assert.equal(await seconds('300ms', '1.5s'), 7)
    assert.equal(await seconds(4, '0s'), 9)
    assert.equal(await seconds('', ''), 11)
    assert.equal(await seconds(null, null), 11)
    assert.equal(await seconds('3s', '3s', { supervisord: { conf: '[program:a]' } }), 30)
    assert.equal(await seconds('3s', '3s', { terminationGracePeriodSeconds: 60 }), 60)
  })

  it('asks /livez and /readyz on the port that the agent listens on', async () => {
    const { container, set, objects } = await podOf({ port: 9000, startupProbe: null })
    assert.equal(set['HTTP_LISTEN'], ':9000')
    assert.deepEqual(container.ports, [{ name: 'http', containerPort: 9000 }])
    assert.equal(container.startupProbe, undefined)
    assert.deepEqual(container.livenessProbe?.httpGet, { path: '/livez', port: 'http' })
    assert.deepEqual(container.readinessProbe?.httpGet, { path: '/readyz', port: 'http' })
    const service = objects.find(({ kind }) => kind === 'Service')?.spec as { ports: unknown }
    assert.deepEqual(service.ports, [{ name: 'http', port: 9000, targetPort: 'http' }])
  })

  it('opens no port for programs alone, which have none', async () => {
    const { container, set, objects } = await podOf({ supervisord: { conf: '[program:a]\ncommand=/a\n' } })
    assert.equal(set['CONFIG_FILE'], '/etc/pidpiper/config/supervisord.conf')
    assert.equal(set['HTTP_LISTEN'], undefined)
    assert.equal(container.ports, undefined)
    assert.equal(container.livenessProbe, undefined)
    const { data } = objects.find(({ kind }) => kind === 'ConfigMap') as unknown as { data: unknown }
    assert.deepEqual(data, { 'supervisord.conf': '[program:a]\ncommand=/a\n' })
  })

  it('starts new pods when a mounted configuration changes', async () => {
    const checksum = async (conf: string): Promise<string | undefined> =>
      (await podOf({ supervisord: { conf } })).workload.spec.template.metadata.annotations?.['checksum/config']
    assert.match((await checksum('[program:a]')) ?? '', /^[0-9a-f]{64}$/)
    assert.notEqual(await checksum('[program:a]'), await checksum('[program:b]'))
  })

  it('gives the replicas of a StatefulSet names that last in the consumer group', async () => {
    const { workload, set, objects } = await podOf({ stateful: true, env: consul, replicas: 3 })
    assert.equal(workload.kind, 'StatefulSet')
    assert.equal(set['GROUP_INSTANCE_ID'], '$(POD_NAMESPACE).$(POD_NAME)')
    const service = objects.find(({ kind }) => kind === 'Service') as unknown as { spec: { clusterIP: string } }
    assert.equal(service.spec.clusterIP, 'None')
    assert.equal(workload.spec.serviceName, 'scores-pidpiper')
    assert.equal((await podOf({ env: consul })).set['GROUP_INSTANCE_ID'], undefined)
  })

  it('fits the restricted Pod Security Standard with a read-only root', async () => {
    const { pod, container } = await podOf()
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    })
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    assert.equal(pod.automountServiceAccountToken, false)
    assert.deepEqual(
      container.volumeMounts.map(({ mountPath }) => mountPath),
      ['/tmp', '/run'],
    )
  })

  it('passes the words of the Calculator and mounts the Model', async () => {
    const calculator = { bin: 'python3', args: ['/opt/app/io_main.py', 'a,b', '--model=/var/model'] }
    const { container, pod } = await podOf({ calculator, model: { claim: 'm' } })
    const words = ['--bin', 'python3', '--arg', '/opt/app/io_main.py', '--arg', 'a,b', '--arg', '--model=/var/model']
    assert.deepEqual(container.args, words)
    assert.deepEqual(container.volumeMounts.at(-1), { name: 'model', mountPath: '/var/model', readOnly: true })
    assert.deepEqual(pod.volumes.at(-1), {
      name: 'model',
      persistentVolumeClaim: { claimName: 'm', readOnly: true },
    })
    assert.equal((await podOf()).container.args, undefined)
  })

  it('spreads the pods, by their own labels where a constraint has none', async () => {
    const labels = { 'app.kubernetes.io/name': 'pidpiper', 'app.kubernetes.io/instance': 'scores' }
    const [constraint] = (await podOf()).pod.topologySpreadConstraints ?? []
    assert.deepEqual(constraint?.['labelSelector'], { matchLabels: labels })
  })

  it('lets the pods reach DNS, Kafka and Consul alone where egress is restricted', async () => {
    const networkPolicy = { enabled: true, restrictEgress: true, kafkaPorts: [9094] }
    const env = { ...consul, KAFKA_DSN: ['k1:9092', 'k2:9093'] }
    const { objects } = await podOf({ env, networkPolicy })
    const { egress } = objects.find(({ kind }) => kind === 'NetworkPolicy')?.spec as {
      egress: { ports: { port: number }[] }[]
    }
    const ports = egress.map((rule) => rule.ports.map(({ port }) => port))
    assert.deepEqual(ports, [
      [53, 53],
      [9094, 9092, 9093, 8500],
    ])
  })

  it('knows the ports that addresses need not name', async () => {
    const ports = async (kafka: unknown, consul?: string): Promise<number[] | undefined> => {
      const env = { NODE_ID: 'w1', KAFKA_DSN: kafka, CONSUL_DSN: consul }
      const { objects } = await podOf({ env, networkPolicy: { enabled: true, restrictEgress: true } })
      const { egress } = objects.find(({ kind }) => kind === 'NetworkPolicy')?.spec as {
        egress: { ports: { port: number }[] }[]
      }
      return egress[1]?.ports.map(({ port }) => port)
    }
    assert.deepEqual(await ports('kafka', 'consul'), [9092, 8500])
    assert.deepEqual(await ports('kafka+tls://k1, k2:9094,[fd00::9]', 'http://consul'), [9092, 9094, 80])
    assert.deepEqual(await ports(['k1:9093', 'k2'], 'https://consul/'), [9093, 9092, 443])
    assert.deepEqual(await ports('Kafka://k1:9094/', 'https://[fd00::9]:8501'), [9094, 8501])
    assert.equal(await ports(undefined), undefined)
  })

  it('tells the next step: the run document, or where Kafka is, and how to look at it', async () => {
    // Helm 3 asks a cluster for its version even here.
    const notes = async (values: Values): Promise<string> => {
      const words = ['install', 'scores', 'pidpiper', '--dry-run=client', '--namespace', 'data', '--values', '-']
      const { status, stdout, stderr } = await runHelm(words, 4, JSON.stringify(values))
      assert.equal(status, 0, stderr)
      return stdout.slice(stdout.indexOf('\nNOTES:'))
    }
    const waiting = await notes({ env: { ...consul, CONSUL_DIR: 'runs' }, stateful: true })
    assert.match(waiting, /consul kv put runs\/w1 -/)
    assert.match(waiting, /kubectl rollout status statefulset\/scores-pidpiper --namespace data/)
    assert.match(await notes({}), /helm upgrade scores .* --namespace data/)
    const alone = await notes({ supervisord: { conf: '[program:a]' } })
    assert.doesNotMatch(alone, /port-forward|consul|Kafka/)
  })

  it('renders what its README shows', () => {
    const readme = readFileSync(join(project, 'charts', 'pidpiper', 'README.md'), 'utf8')
    const [, command = ''] = /^```sh\n(helm install .*?)^```$/ms.exec(readme) ?? []
    const asTemplate = command.replace('helm install', `${helmPath(4)} template`)
    const { status, stdout, stderr } = spawnSync('bash', ['-c', asTemplate], { cwd: project, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const { container } = workloadOf(parseYaml(stdout) as KubernetesObject[])
    assert.equal(container.image, 'registry.example.org/scorer:7')
    assert.deepEqual(container.args, ['--bin', 'python3', '--arg', '/opt/app/score.py', '--arg', '/var/model'])
  })
})
