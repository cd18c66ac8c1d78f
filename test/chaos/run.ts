// `npm run test:chaos`: a campaign of chaos runs in the test runner, which starts what they need and cleans up.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { campaignVariable, parseCampaign, usage, type Campaign } from './campaign-options.ts'

const root = join(import.meta.dirname, '../..')
const EX_USAGE = 64

const git = (...words: string[]): string => {
  try {
    return execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return '' // no repository here
  }
}

let campaign: Campaign | 'help' | null = null
try {
  const changed = git('status', '--porcelain', '--', 'src') === '' ? '' : ' changed'
  campaign = parseCampaign(process.argv.slice(2), `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed}`)
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = EX_USAGE
}
if (campaign === 'help') process.stdout.write(usage)
else if (campaign !== null) {
  const { status } = spawnSync(process.execPath, ['test/run.ts', 'test/chaos/campaign.ts'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...campaignVariable(campaign) },
  })
  process.exitCode = status ?? 1
}
