// Objects against the types of Kubernetes: TypeScript refuses unknown fields in a literal, wrong types, words that are
// none of an enumeration, and missing fields.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { project, toolsHome } from '../../../scripts/chart/tools.ts'
import type { KubernetesObject } from './helm.ts'

const operator = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
const folders: Readonly<Record<string, string>> = {
  ConfigMap: 'kubernetes-models/v1',
  Service: 'kubernetes-models/v1',
  Deployment: 'kubernetes-models/apps/v1',
  StatefulSet: 'kubernetes-models/apps/v1',
  NetworkPolicy: 'kubernetes-models/networking.k8s.io/v1',
  PodDisruptionBudget: 'kubernetes-models/policy/v1',
  ServiceMonitor: operator,
  PrometheusRule: operator,
}

/** What the compiler says of each object, by its place in the list; one compilation for all of them. */
export function typeProblems(objects: readonly KubernetesObject[]): Map<number, string> {
  const imports = Object.entries(folders).map(([kind, folder]) => `import type { I${kind} } from '${folder}/${kind}'`)
  const constants = objects.map(
    (object, index) => `export const object${index}: I${object.kind} = ${JSON.stringify(object)}`,
  )
  const folder = join(toolsHome, 'types')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'objects.ts'), [...imports, ...constants].join('\n'))
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022']
  const compiler = join(project, 'node_modules', 'typescript', 'bin', 'tsc')
  const words = [compiler, '--ignoreConfig', '--pretty', 'false', ...options, 'objects.ts']
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
  const found = [...stdout.matchAll(/^objects\.ts\((\d+),\d+\): error (.*)$/gm)]
  if (status !== 0 && found.length === 0) throw new Error(`tsc ended with ${status ?? 'a signal'}: ${stdout}${stderr}`)
  return new Map(found.map(([, line, text]) => [Number(line) - imports.length - 1, text ?? '']))
}
