import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { homedir } from 'node:os'
import process from 'node:process'

export type Need = 'kafka' | 'consul' | 'binary'

const cache = process.env['TESTBED_HOME'] ?? join(homedir(), '.cache', 'pidpiper-testbed')
const apt = (pkg: string): string => `apt-get install ${pkg}`
const onceOnly = (tool: string, done: string): string[] => (existsSync(join(cache, done)) ? [] : [tool])

// What each service needs on the machine; Maven and Go only until their result lies in the cache.
const toolsFor: Record<Need, () => string[]> = {
  kafka: () => ['bash', 'setsid', 'java', ...onceOnly('mvn', 'kafka-4.4.0/complete')],
  consul: () => ['bash', 'setsid', 'curl', 'flock', ...onceOnly('go', 'bin/consul-v1.16.3')],
  binary: () => [],
}

const install: Record<string, string> = {
  bash: apt('bash'),
  setsid: apt('util-linux'),
  flock: apt('util-linux'),
  curl: apt('curl'),
  java: `${apt('openjdk-17-jre-headless')} (17 or newer)`,
  mvn: apt('maven'),
  go: 'Go 1.22 or newer, from go.dev or the distribution',
}

/** Tools that `need` asks for and PATH does not have, each with the way to install it. */
export const missingTools = (need: Need): string[] =>
  toolsFor[need]()
    .filter((tool) => !isInPath(tool))
    .map((tool) => `${tool}: ${install[tool] ?? ''}`)

export function isInPath(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
