import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { installTools } from '../../scripts/chart/tools.ts'
import { laterVariables, variableList } from '../../src/config/variables.ts'
import { inTurns, wrongSets } from './support/chart-sets.ts'
import { template } from './support/helm.ts'

const skip = installTools() ?? false

describe('the chart refuses', { skip }, () => {
  it('wrong values, with a sentence', async () => {
    const sets = wrongSets()
    const outcomes = await inTurns(sets, ({ values }) => template(values))
    for (const [index, { status, stderr }] of outcomes.entries()) {
      const { says = '', values } = sets[index] ?? {}
      assert.notEqual(status, 0, `accepted: ${JSON.stringify(values)}`)
      assert.ok(stderr.includes(says), `${JSON.stringify(values)} is refused without "${says}": ${stderr}`)
    }
  })

  it('the same under Helm 3', async () => {
    const values = { replica: 2 }
    assert.match((await template(values, 3)).stderr, /replica/)
    const contradiction = { model: { claim: 'a', image: 'b' } }
    assert.match((await template(contradiction, 3)).stderr, /model has more than one source/)
  })

  it('every secret of the table in plain sight', async () => {
    const secrets = [
      ...variableList.filter(([, { secrecy }]) => secrecy === 'value').map(([name]) => name),
      ...Object.keys(laterVariables).filter((name) => laterVariables[name]),
    ]
    const outcomes = await inTurns(secrets, (name) => template({ env: { [name]: 'hunter2' } }))
    for (const [index, { stderr }] of outcomes.entries()) {
      const name = secrets[index] ?? ''
      assert.match(stderr, new RegExp(`env\\.${name} would show a secret`))
      assert.doesNotMatch(stderr, /hunter2/)
    }
  })
})
