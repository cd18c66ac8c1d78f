// The part of the chart's schema that the table of variables says: `env` and `secrets`.
import { format, resolveConfig } from 'prettier'
import { laterVariables, variableList, type Variable } from '../../src/config/variables.ts'

/** A JSON Schema, as far as this chart uses it. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly maxLength?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly [keyword: string]: unknown
}

const NOT_YET = 'Comes with a later version: until then one warning.'

/** The text of `values.schema.json` with `env` and `secrets` as the table has them, and the rest as it is in `text`. */
export async function schemaFrom(text: string): Promise<string> {
  const schema = JSON.parse(text) as Schema & { properties: Record<string, Schema> }
  const { env, secrets } = schema.properties
  const properties = {
    ...schema.properties,
    env: { ...env, properties: environment() },
    secrets: { ...secrets, properties: references() },
  }
  const options = await resolveConfig(import.meta.filename)
  return format(JSON.stringify({ ...schema, properties }), { ...options, parser: 'json' })
}

const environment = (): Record<string, Schema> =>
  Object.fromEntries([
    ...variableList.map(([name, variable]) => [name, { ...shape(variable.type.label), description: says(variable) }]),
    ...Object.keys(laterVariables).map((name) => [name, { ...scalar, description: NOT_YET }]),
  ]) as Record<string, Schema>

/** What the chart itself sets or computes with, and what each replica needs its own of. */
const notByReference: readonly string[] = [
  'STATE_DIR',
  'CONTROL_SOCKET',
  'HTTP_LISTEN',
  'ADOPTION_GRACEPERIOD',
  'SHUTDOWN_GRACEPERIOD',
  'POD_NAME',
  'POD_IP',
  'INSTANCE_ID',
  'GROUP_INSTANCE_ID',
]

/** The others may come out of a Secret; those with a _FILE form may be mounted. */
const references = (): Record<string, Schema> => {
  const hasFileForm: [string, boolean][] = [
    ...variableList.map(([name, { secrecy }]): [string, boolean] => [
      name,
      secrecy === 'value' || secrecy === 'credentials',
    ]),
    ...Object.entries(laterVariables),
  ]
  const named = hasFileForm.filter(([name]) => !notByReference.includes(name))
  return Object.fromEntries(named.map(([name, mountable]) => [name, reference(mountable)]))
}

const reference = (mountable: boolean): Schema => ({ $ref: `#/definitions/${mountable ? 'mountable' : 'reference'}` })

const says = ({ says: text, default: byDefault, unset }: Variable<unknown>): string =>
  `${text} Default: ${byDefault ?? unset}.`

const scalar: Schema = { type: ['string', 'number', 'boolean'] }

/** By the label of a type in the table. A text may be empty: then the variable is left out. */
const shapes: Readonly<Record<string, Schema>> = {
  duration: { type: ['string', 'number'], pattern: '^$|^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$|^[0-9]+(\\.[0-9]+)?$' },
  boolean: { enum: ['', 'true', 'false', '1', '0', 'yes', 'no', 'on', 'off', true, false] },
  integer: { type: ['string', 'integer'], pattern: '^(-?[0-9]+)?$' },
  bytes: { type: ['string', 'integer'], pattern: '^$|^[0-9]+(\\.[0-9]+)? ?([kKmMgG]i?)?[bB]?$' },
  name: { type: ['string', 'integer'], pattern: '^[^/\\s]*$', maxLength: 200 },
  topic: { type: 'string', pattern: '^[a-zA-Z0-9._-]*$', maxLength: 249 },
  path: { type: 'string', pattern: '^(/.*)?$' },
  template: { type: 'string', pattern: '^$|^[^%]*%s[^%]*$' },
}

const LISTS = /^(brokers|list of .*|`none` or list of .*)$/
const CHOICES = /^`[^`]*`(, `[^`]*`)*$/

function shape(label: string): Schema {
  if (LISTS.test(label)) return { type: ['string', 'array'], items: { type: ['string', 'integer'] } }
  if (!CHOICES.test(label)) return shapes[label] ?? scalar
  const words = label.replaceAll('`', '').split(', ')
  const booleans = words.includes('true') ? [true, false] : []
  return { enum: ['', ...words, ...booleans] }
}
