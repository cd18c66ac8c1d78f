// node scripts/conformance/upstream.ts "WORDS OF OUR DAEMON" [TEST...]
// Runs the end-to-end tests of Supervisor's own 4.3.0 release against our daemon, with the release's own supervisorctl.
// The release comes from its package on PyPI into a temporary folder and goes away with it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const RELEASE = 'supervisor==4.3.0'
const MODULE = 'supervisor.tests.test_end_to_end'

const [ours, ...tests] = process.argv.slice(2)
if (ours === undefined) {
  process.stderr.write('usage: node scripts/conformance/upstream.ts "dist/pidpiper supervisord" [TEST...]\n')
  process.exit(64)
}
const folder = mkdtempSync(join(tmpdir(), 'pidpiper-upstream-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const python = join(folder, 've/bin/python')

function run(command: string, words: readonly string[], environment: Record<string, string> = {}): number {
  const { status, error } = spawnSync(command, words, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', ...environment },
  })
  if (error !== undefined) throw error
  return status ?? 1
}

function must(command: string, words: readonly string[]): void {
  const code = run(command, words)
  if (code !== 0) throw new Error(`${command} ${words.join(' ')}: exit code ${code}`)
}

must('python3', ['-m', 'venv', 've'])
must(python, ['-m', 'pip', 'install', '-q', 'pexpect', 'setuptools', 'wheel'])
must(python, ['-m', 'pip', 'download', '-q', '--no-deps', '--no-build-isolation', '--no-binary', ':all:', RELEASE])
const archive = readdirSync(folder).find((name) => name.endsWith('.tar.gz')) ?? ''
must('tar', ['xzf', archive, '--strip-components=1'])

// The suite starts `python -m supervisor.supervisord`, and imports it for its texts: it becomes ours when it is run.
const server = join(folder, 'supervisor/supervisord.py')
const shim = `import os, sys
if __name__ == "__main__":
    words = os.environ["SUPERVISORD_COMMAND"].split("\\n")
    os.execvp(words[0], words + sys.argv[1:])
`
writeFileSync(server, shim + readFileSync(server, 'utf8'))
// A program that the suite runs and the package lacks.
const hello = join(folder, 'supervisor/tests/fixtures/hello.sh')
if (!existsSync(hello)) {
  writeFileSync(hello, 'for n in 1 2 3 4 5 6; do sleep 1; echo "The Øresund bridge ends in Malmö - $n"; done\n')
}
const names = tests.map((test) => `${MODULE}.EndToEndTests.${test}`)
process.exitCode = run(python, ['-m', 'unittest', '-v', ...(names.length > 0 ? names : [MODULE])], {
  END_TO_END: '1',
  SUPERVISORD_COMMAND: ours.split(' ').join('\n'),
  PATH: `${join(folder, 've/bin')}:${process.env['PATH'] ?? ''}`,
})
