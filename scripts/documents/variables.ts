// The documents that are made from the table of variables; a test holds the files equal to what these functions give.
import type { Variable } from '../../src/config/variables.ts'
import { groups, laterVariables, variableList } from '../../src/config/variables.ts'

const hasFileForm = ({ secrecy }: Variable<unknown>): boolean => secrecy === 'value' || secrecy === 'credentials'

const inGroup = (group: string): typeof variableList => variableList.filter(([, variable]) => variable.group === group)

/** The text of `.env.example`: every variable, commented out, with its default. */
export function envExample(): string {
  const sections = Object.entries(groups).map(([group, title]) => {
    const entries = inGroup(group).map(([name, variable]) => {
      const kind = `${variable.type.label.replaceAll('`', '')}${variable.default === null ? `; unset: ${variable.unset}` : ''}`
      const file = hasFileForm(variable) ? `# Or the name of a file that holds it: ${name}_FILE\n` : ''
      return `# ${variable.says}\n# (${kind})\n${file}#${name}=${variable.default ?? ''}\n`
    })
    return `# ==== ${title} ====\n\n${entries.join('\n')}`
  })
  return `# Every variable of pidpiper with its default. docs/variables.md says more; pidpiper check shows what is in force.\n\n${sections.join('\n')}`
}

/** The text of `docs/variables.md`: one table for each group. */
export function variablesDocument(): string {
  const sections = Object.entries(groups).map(([group, title]) => {
    const rows = inGroup(group).map(([name, variable]) => {
      const byDefault = variable.default === null ? cell(variable.unset) : `\`${cell(variable.default)}\``
      const file = hasFileForm(variable) ? ` Also \`${name}_FILE\`.` : ''
      return `| \`${name}\` | ${variable.type.label} | ${byDefault} | ${cell(variable.says)}${file} |`
    })
    return `## ${title}\n\n| Variable | Type | Default | Meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return `${introduction}\n${sections.join('\n')}\n${laterSection()}`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const introduction = `# Variables

Precedence: default, environment, command line, run document (only what \`RUN_DOCUMENT_ALLOW\` permits). An empty text
counts as unset. A value is taken as it is: quotes that no shell took away (\`docker --env-file\` does not) are a warning,
or the problem. All problems are reported together, with exit code 78; \`pidpiper check\` prints what is in force and where
it comes from. A misspelt name is a warning with the nearest one, and so is what has no effect beside the rest.

- **duration**: \`300ms\`, \`3s\`, \`1m30s\`, \`2h\`, or bare seconds.
- **bytes**: \`4096\`, \`64KiB\`, \`1MiB\` (powers of 1024), \`1MB\` (powers of 1000).
- **boolean**: \`true\`, \`false\`, \`1\`, \`0\`, \`yes\`, \`no\`, \`on\`, \`off\`.
- **list**: words with commas between them.
- **\`_FILE\`**: a secret may stand in a file instead; one newline at its end is cut. Not both at once.

What the Calculator sees: the container's whole environment, with \`PYTHONUNBUFFERED=1\` unless set, and without

- the secrets (\`KAFKA_SASL_PASSWORD\`, \`KAFKA_SASL_TOKEN\`, \`CONSUL_HTTP_TOKEN\`, \`CONTROL_TOKEN\`, \`CONTROL_READ_TOKEN\`,
  \`CONTROL_PASSWORD\`) and every \`_FILE\` form,
- the paths of private keys (\`KAFKA_TLS_KEY_FILE\`, \`CONSUL_CLIENT_KEY\`),
- \`KAFKA_DSN\` and \`CONSUL_DSN\` where these carry credentials.

\`CHILD_ENV\` narrows it to the names it lists; \`PATH\` always stays.
`

const laterSection = (): string =>
  `## Not in this version

Each of these is one warning when it is set: ${Object.keys(laterVariables)
    .map((name) => `\`${name}\``)
    .join(', ')}.
`
