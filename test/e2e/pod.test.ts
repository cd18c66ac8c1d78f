// A rollout where no container engine is needed: each pod is the agent as PID 1 of namespaces of its own.
import { test } from 'node:test'
import { startPodInNamespace } from '../fixtures/e2e-pid1.ts'
import { replaceUnderLoad } from '../fixtures/e2e-rollout.ts'

test('a pod is replaced under load: nothing is lost, no zombie, exit 0 in time', { timeout: 300_000 }, (t) =>
  replaceUnderLoad(t, startPodInNamespace),
)
