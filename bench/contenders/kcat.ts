import { isInPath } from '../../test/testbed/tools.ts'
import type { Contender } from '../contender.ts'

// The first kcat keeps its last lines until it ends, and it ends on an empty fetch: by default that waits for 500 ms.
const pipe =
  'kcat -C -q -e -o beginning -X fetch.wait.max.ms=10 -b "$BROKER" -t "$IN" | cat | ' +
  'kcat -P -X acks=all -z "$CODEC" -b "$BROKER" -t "$OUT"'

/** Two librdkafka programs and a pipe: no consumer group, no commits, no supervision, no replay. */
export const kcat: Contender = {
  name: 'kcat',
  output: 'raw',
  commits: false,
  endsByItself: true,
  countsCheckpoints: false,
  unavailable: () => (isInPath('kcat') ? null : 'kcat is not installed (apt-get install kcat)'),
  command: ({ broker, input, output, workload }) => ({
    words: ['sh', '-c', pipe],
    env: { BROKER: broker, IN: input, OUT: output, CODEC: workload.compression },
  }),
}
