// The README of the chart: its values as tables, from the schema (what they mean) and values.yaml (what they are).
import type { Schema } from './schema.ts'

/** @param values the content of values.yaml */
export function readme(schema: Schema, values: unknown): string {
  const rows = rowsOf(schema.properties ?? {}, values, '').map(
    ({ path, type, byDefault, says }) => `| \`${path}\` | ${type} | ${byDefault} | ${says} |`,
  )
  return `${introduction}\n| Value | Type | Default | Meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n\n${remainder}`
}

interface Row {
  readonly path: string
  readonly type: string
  readonly byDefault: string
  readonly says: string
}

/** One row for each value; objects whose parts are named by the schema are told by their parts. */
function rowsOf(properties: Readonly<Record<string, Schema>>, values: unknown, under: string): Row[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${under}${name}`
    const value = memberOf(values, name)
    if (name === 'global') return []
    // Of the agent's variables those that values.yaml shows: the manual's. docs/variables.md has all.
    if (under === 'env.' && value === undefined) return []
    const parts = name === 'secrets' ? {} : (schema.properties ?? {})
    if (Object.keys(parts).length > 0) return rowsOf(parts, value, `${path}.`)
    const byDefault = value === undefined ? '' : `\`${JSON.stringify(value)}\``
    return [{ path, type: cell(typeText(schema)), byDefault: cell(byDefault), says: cell(schema.description ?? '') }]
  })
}

const memberOf = (values: unknown, name: string): unknown =>
  typeof values === 'object' && values !== null ? (values as Record<string, unknown>)[name] : undefined

function typeText({ type, enum: words }: Schema): string {
  if (words !== undefined) {
    const shown = words.filter((word) => typeof word === 'string' && word !== '')
    return shown.length > 5 && shown.includes('true')
      ? 'boolean'
      : shown.map((word) => `\`${String(word)}\``).join(', ')
  }
  return [type ?? 'any'].flat().join(' or ')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const introduction = `# Chart pidpiper

A Calculator behind pidpiper, fed from Kafka through STDIN and STDOUT, registered in Consul. For Kubernetes 1.27 and
newer, Helm 3 and 4. This file is made from \`values.yaml\` and \`values.schema.json\`: \`node scripts/chart/generate.ts\`.

\`\`\`sh
helm install scores charts/pidpiper \\
  --set image.repository=registry.example.org/scorer --set image.tag=7 \\
  --set calculator.bin=python3 --set calculator.args='{/opt/app/score.py,/var/model}' \\
  --set env.NODE_ID=scores --set env.KAFKA_DSN=kafka:9092 \\
  --set env.INPUT_TOPICS=readings --set env.OUTPUT_TOPIC=scores
\`\`\`

From nothing to this command: [docs/kubernetes.md](../../docs/kubernetes.md).

## What it makes

| object | when |
| --- | --- |
| Deployment, or StatefulSet with static membership in the consumer group | always, by \`stateful\` |
| ConfigMap with \`supervisord.conf\` and \`rules.xml\` | \`supervisord.conf\` or \`rules\` is set |
| Service | \`service.enabled\` and there is a Calculator |
| PodDisruptionBudget, NetworkPolicy | where enabled |
| ServiceMonitor, PrometheusRule | where enabled; they need the Prometheus operator |

A pod gets \`POD_NAME\`, \`POD_NAMESPACE\`, \`POD_UID\` and \`POD_IP\` from the platform, a read-only root with \`/tmp\` and \`/run\`
to write to, no capability, no token of a ServiceAccount, and as many seconds to stop as both grace periods and the
reserve take together.

## Values
`

const remainder = `\`env\` takes every variable of [docs/variables.md](../../docs/variables.md) by its name, and refuses names that are not
there: a misspelt variable is an error, not silence. Values of \`env\` may refer to \`$(POD_NAME)\`, \`$(POD_NAMESPACE)\` and
\`$(POD_IP)\`.

## Secrets

\`secrets\` takes the same names. What holds a secret is refused in \`env\`.

\`\`\`yaml
secrets:
  KAFKA_SASL_USERNAME: { secretName: kafka, key: username }              # an environment variable
  KAFKA_SASL_PASSWORD: { secretName: kafka, key: password, asFile: true } # mounted, KAFKA_SASL_PASSWORD_FILE names it
  KAFKA_TLS_CA_FILE: { configMapName: kafka-ca, key: ca.crt }            # a file by nature: mounted
\`\`\`

A Secret that changes does not restart the pods by itself. Files are renewed by the kubelet within about a minute, and
taken by the agent within five seconds without a restart; environment variables only change with a new pod. Use
\`asFile\` for what is rotated.

## Alerts

The alerts of \`prometheusRule\` select by \`namespace\` and \`service\`, the labels that the ServiceMonitor gives. Where
samples come another way, \`prometheusRule.selector\` says by which labels, for example \`job="pods",app="scores"\`.
`
