// What each word of the command line does. Everything is printed here; what is printed is made elsewhere.
import process from 'node:process'
import { parseArguments, type Invocation, type RunFlags } from '../cli/arguments.ts'
import { health } from '../cli/health.ts'
import { helpText } from '../cli/help.ts'
import { install } from '../cli/install.ts'
import { versionText } from '../cli/version.ts'
import { loadConfig } from '../config/config.ts'
import { explain } from '../config/explain.ts'
import { thisMachine } from '../config/machine.ts'
import { misspelt } from '../config/misspelt.ts'
import { readVariables } from '../config/read.ts'
import { exitCodes } from '../domain/exit-codes.ts'
import { releaseSignals, signalsHeard } from '../os/signals.ts'
import { version } from '../version.ts'
import { printCheck } from './print-check.ts'
import { hasStream } from './supervisord/has-stream.ts'

const out = (text: string): boolean => process.stdout.write(text)
const err = (text: string): boolean => process.stderr.write(text)

/** @returns the exit code */
export async function command(argv: readonly string[], invokedAs: string): Promise<number> {
  const invocation = parseArguments(argv, invokedAs)
  if (!endsInOrder(invocation)) {
    await signalsHeard()
    releaseSignals()
  }
  switch (invocation.command) {
    case 'version':
      out(versionText(version, process.versions.node))
      return 0
    case 'help':
      out(helpText(invocation.topic))
      return 0
    case 'usage':
      err(`${invocation.message}\n`)
      return exitCodes.usage
    case 'check':
      return checked(invocation.flags, invocation.json)
    case 'health': {
      const { values, problems } = readVariables(process.env, thisMachine)
      const problem = problems.find(({ name }) => name === 'HTTP_LISTEN') ?? null
      return health({
        listen: values.HTTP_LISTEN,
        problem,
        ready: invocation.ready,
        print: (line) => void out(`${line}\n`),
      })
    }
    case 'doctor':
      return (await import('./doctor/doctor.ts')).doctor(invocation)
    case 'consul-policy': {
      const policy = (await import('./consul-policy.ts')).consulPolicy(process.env, thisMachine, invocation.json)
      out(policy.stdout)
      err(policy.stderr)
      return policy.exitCode
    }
    case 'dlq':
      return (await import('./dlq.ts')).dlq(invocation.request)
    case 'install':
      return install(invocation.flags, { executable: process.execPath, out, err })
    case 'face':
      return (await import('./faces.ts')).runFace(invocation.face, invocation.name, invocation.argv)
    case 'check-file':
      return (await import('./supervisord/check-file.ts')).checkFile(invocation.file, invocation.json)
    case 'supervisord':
      return (await import('./supervisord/with-calculator.ts')).runWithFile(invocation.argv, invocation.flags)
    case 'run':
      return process.env['CONFIG_FILE']
        ? (await import('./supervisord/with-calculator.ts')).runWithFile(
            ['-c', process.env['CONFIG_FILE']],
            invocation.flags,
          )
        : (await import('./run.ts')).run(invocation.flags)
  }
}

/** Whatever runs children has to end them. Other commands end by a signal as any program does. */
const endsInOrder = (invocation: Invocation): boolean =>
  invocation.command === 'run' ||
  invocation.command === 'supervisord' ||
  (invocation.command === 'face' && invocation.face === 'supervisord')

/** With CONFIG_FILE its programs are looked at, too; alone where there is no Calculator beside them. */
async function checked(flags: RunFlags, json: boolean): Promise<number> {
  const file = process.env['CONFIG_FILE'] ?? ''
  const ofFile = file === '' ? null : await import('./supervisord/check-file.ts')
  if (ofFile !== null && !hasStream(process.env, flags)) return ofFile.checkFile(file, json, misspelt(process.env))
  const loaded = loadConfig({ environment: process.env, flags, machine: thisMachine })
  const more = ofFile?.fileFindings(file, loaded.reading.values.CALCULATOR_GROUP)
  const everything = {
    rows: [...explain(loaded, flags), ...(more?.rows ?? [])],
    problems: [...loaded.problems, ...(more?.problems ?? [])],
    warnings: [...loaded.warnings, ...(more?.warnings ?? [])],
  }
  return printCheck(everything, json)
}
