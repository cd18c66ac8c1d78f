// The alerts speak PromQL, and only of metrics that the agent has.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMetrics } from '../../src/http/metrics.ts'
import { installTools, tool } from '../../scripts/chart/tools.ts'
import { aSnapshot } from '../http/a-snapshot.ts'
import { parseMetrics } from '../http/parse-metrics.ts'
import { render } from './support/helm.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}
interface Tree {
  iterate: (visit: { enter: (node: { name: string; from: number; to: number }) => void }) => void
}
interface PromQl {
  readonly parser: { parse: (text: string) => Tree }
}

const skip = installTools() ?? false

/** The rules of the chart with `values` of prometheusRule. */
async function rules(values: Readonly<Record<string, unknown>> = {}): Promise<Rule[]> {
  const objects = await render({ prometheusRule: { enabled: true, ...values } })
  const rule = objects.find(({ kind }) => kind === 'PrometheusRule')?.spec as { groups: { rules: Rule[] }[] }
  return rule.groups.flatMap((group) => group.rules)
}

/** What the grammar of PromQL finds in an expression, by the name of the node. */
function nodesOf(expr: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const tree = (tool('@prometheus-io/lezer-promql') as PromQl).parser.parse(expr)
  tree.iterate({
    enter: ({ name, from, to }) => void found.set(name, [...(found.get(name) ?? []), expr.slice(from, to)]),
  })
  return found
}

describe('alerts', { skip }, () => {
  it('tell of stuck partitions, crash loops, dead letters and lag', async () => {
    const names = (await rules()).map(({ alert }) => alert)
    for (const name of ['PartitionStuck', 'CrashLoop', 'DeadLetters', 'Lag'])
      assert.ok(names.includes(`Pidpiper${name}`))
    for (const { labels, annotations } of await rules({ severity: 'page' })) {
      assert.equal(labels['severity'], 'page')
      assert.ok(annotations['summary'] !== '' && annotations['description'] !== '')
    }
  })

  it('ask for metrics of the agent alone, in PromQL, about this release', async (t) => {
    const metrics = createMetrics(() => aSnapshot())
    t.after(() => metrics.close())
    const known = [...parseMetrics(await metrics.text()).types.keys()]
    assert.ok(nodesOf('sum(up{job="a"}').has('⚠'), 'the grammar finds an error')
    for (const { alert, expr } of await rules()) {
      const nodes = nodesOf(expr)
      assert.equal(nodes.has('⚠'), false, `${alert} is no PromQL: ${expr}`)
      const selectors = nodes.get('VectorSelector') ?? []
      assert.ok(selectors.length > 0)
      for (const selector of selectors) {
        const [, metric = '', labels = ''] = /^(\w+)\{(.*)\}$/.exec(selector) ?? []
        assert.ok(known.includes(metric), `${alert} asks for ${metric}, which the agent does not have`)
        assert.equal(labels, 'namespace="data",service="scores-pidpiper"')
      }
    }
  })

  it('count the first dead letters of a class whole, before the increase of 0 that follows their sample', async () => {
    const { expr = '' } =
      (await rules({ selector: 'a="b"' })).find(({ alert }) => alert === 'PidpiperDeadLetters') ?? {}
    const letters = 'pidpiper_dlq_total{a="b"}'
    const either = `(${letters} unless ${letters} offset 10m) or increase(${letters}[10m])`
    // From the outside in: what `or` finds on its left wins.
    assert.deepEqual(nodesOf(expr).get('BinaryExpr')?.slice(0, 2), [expr, either])
  })

  it('take limits, times and other labels', async () => {
    const values = { selector: 'job=~"a|b"', lag: 5_000_000, lagFor: '1h', stuckFor: '30s' }
    const found = new Map((await rules(values)).map((rule) => [rule.alert, rule]))
    assert.equal(found.get('PidpiperLag')?.expr, 'sum(pidpiper_work_lag{job=~"a|b"}) > 5000000')
    assert.equal(found.get('PidpiperLag')?.for, '1h')
    assert.equal(found.get('PidpiperPartitionStuck')?.for, '30s')
  })
})
