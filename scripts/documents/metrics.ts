import { describedMetrics } from '../../src/http/metrics.ts'

/** The text of `docs/metrics.md`: every metric with its labels, made from the tables; a test holds the file equal. */
export function metricsDocument(): string {
  const rows = describedMetrics().map(({ name, kind, labels, help }) => {
    const words = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${kind} | ${words} | ${help.replaceAll('|', '\\|')} |`
  })
  return `${introduction}\n| Metric | Kind | Labels | Meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

const introduction = `# Metrics

\`GET /metrics\` on \`HTTP_LISTEN\`, in the text format of Prometheus. Names and labels are an interface: they are added to,
not renamed. A fact that is not known has no sample. Counters begin at 0 with each start of the agent; what is counted
by the input alone (rebalances) also when a run document changes the input topics.

- \`process\` is the namespec of the Calculator, or of a program of the supervisord configuration.
- Durations are histograms that are added to once for each write or chunk, never for each record: all records of one
  run count with the age of the first.
- \`partition_lag\` counts offsets, as \`kafka-consumer-groups\` does; markers of transactions are offsets, too. The end of a
  partition that is not being fetched (its records wait for the Calculator) is asked for every 5 s.
- \`class\` of a death: \`crash\`, \`out-of-memory\`, \`start\` (it had read nothing yet), \`idle\` (it had no record),
  \`violation\` (it broke its protocol), \`environment\` (somebody else ended it). \`class\` of a dead letter is its reason,
  see [dead-letters.md](dead-letters.md).
- What the Calculator reports on its control channel ([protocols.md](protocols.md)) is added as
  \`pidpiper_calculator_<name>\`, counters with \`_total\`, label \`process\`: those names are its own.

The series of a partition come and go with its assignment. Good alerts are in the chart: [kubernetes.md](kubernetes.md).
`
