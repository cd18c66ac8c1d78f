import { kindFields, lacking, logEvents, numberFields, type EventName } from '../../src/domain/log-events.ts'

const WIDTH = 120

/** The text of `docs/logs.md`: every event with its fields, made from the table; a test holds the file equal. */
export function logsDocument(): string {
  const names = Object.keys(logEvents) as EventName[]
  const sections = Object.entries(kindFields).map(([kind, common]) => {
    const rows = names
      .filter((name) => name.startsWith(`${kind}.`))
      .map((name) => `| \`${name}\` | ${words(logEvents[name].fields)} | ${logEvents[name].says} |`)
    const everywhere = common.length === 0 ? '' : `On each line: ${words(common)}${exceptions(kind)}.\n\n`
    return `## ${kind}\n\n${everywhere}| Event | Fields | Meaning |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return `${introduction}\n${sections.join('\n')}`
}

/** Lines of a kind that lack some of its fields. */
function exceptions(kind: string): string {
  const those = Object.entries(lacking).filter(([name]) => name.startsWith(`${kind}.`))
  return those.length === 0
    ? ''
    : `; ${those.map(([name, fields]) => `\`${name}\` without ${words(fields)}`).join(', ')}`
}

/** Names in lines of a document's width. */
function wrapped(names: readonly string[]): string {
  const lines = ['']
  for (const [index, name] of names.entries()) {
    const word = index + 1 < names.length ? `${name},` : name
    const line = lines.at(-1) ?? ''
    if (line.length + word.length + 1 >= WIDTH) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`.trimStart()
  }
  return lines.join('\n')
}

const words = (fields: readonly string[]): string =>
  fields.map((field) => (field === '*' ? 'its own' : `\`${field}\``)).join(', ')

const introduction = `# Logs

One JSON object a line on stderr (LOG_FORMAT=\`json\`, and \`auto\` away from a terminal). Names of events and fields are an
interface: they are added to, not renamed; \`msg\` is for people, and may change.

On each line: \`time\` (ISO 8601, UTC), \`level\`, \`instance\` (INSTANCE_ID), \`event\`, \`msg\`. An event of /status has
\`seq\`, its number there, without a gap; a line of one part of the agent has \`module\`, that part's name. \`level\` is \`fatal\`
when the agent leaves because of it, \`error\` when a person must act, \`warn\` for what heals by itself, \`info\` for what was
asked for, \`debug\` for every step.

Durations end in \`Ms\` and are milliseconds. \`err\` has \`message\`, \`code\` and \`cause\`. Secrets are masked; records are shown
in \`stream.black-box\`, the last 64 lines of each direction and at most 4 KiB of each, and not at all with
BLACK_BOX=\`false\` (\`fed\` and \`printed\` are empty); and where dead letters have no other place (\`--out -\`). Lines of the
Calculator's stderr are never filtered by LOG_LEVEL: what it writes there is its own.

A field has one type on all lines. Numbers, or null, are:
${wrapped(numberFields.map((field) => `\`${field}\``))}.

A log that cannot be written (a full disk, a terminal that is gone) stops no record: up to 1 MiB of it is kept and tried
again with each line, what comes after that is lost, and \`agent.log-lost\` tells how many lines when it can be written
again. Nobody reads it any more (a closed pipe): it goes nowhere from then on.

The file of TERMINATION_LOG gets the reason why the agent ended, and the Calculator's last words
(lines of stderr, and records unless BLACK_BOX=\`false\`): at most 4096 bytes, when
the Calculator or a fault ends the agent, when the Calculator is FATAL (emptied when it runs again), and when the
configuration is refused. Kubernetes shows it as the message of the terminated container.
`
