import { stat, writeFile } from 'node:fs/promises'
import { build, formatMessages, type BuildFailure } from 'esbuild'
import { BuildError, megabytes } from './step.ts'

const IMPORT_META =
  "'use strict'; const importMeta = { url: require('node:url').pathToFileURL(__filename).href, dirname: __dirname, filename: __filename };"

/** Where the paths of all sources of a bundle are written: what it consists of. */
export const inputsFile = (bundleFile: string): string => `${bundleFile}.inputs.json`

/**
 * Bundles `entry` with everything it imports into one CommonJS file that `node` runs by itself. An `import()` stays
 * lazy: its modules run when it is reached. Raises BuildError when a source does not bundle.
 */
export async function bundle(entry: string, outfile: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    // Node keeps the text in memory, a byte per character while all of it is ASCII. Names stay, for stack traces.
    charset: 'ascii',
    minifyWhitespace: true,
    // Node prints the line of an error.
    lineLimit: 160,
    legalComments: 'eof',
    logLevel: 'silent',
    loader: { '.html': 'text', '.css': 'text', '.svg': 'text' },
    // CommonJS has no import.meta: it speaks of the binary, so that `beside me` means beside it.
    banner: { js: IMPORT_META },
    define: { 'import.meta': 'importMeta' },
  }).catch(async (cause: unknown) => {
    if (!isBuildFailure(cause)) throw cause
    const errors = await formatMessages(cause.errors, { kind: 'error' })
    throw new BuildError(`cannot bundle ${entry}`, `correct these sources:\n${errors.join('')}`)
  })
  const warnings = await formatMessages(result.warnings, { kind: 'warning' })
  await writeFile(inputsFile(outfile), JSON.stringify(Object.keys(result.metafile.inputs)))
  const { size } = await stat(outfile)
  return [`${outfile}, ${megabytes(size)}`, ...warnings].join('\n')
}

function isBuildFailure(cause: unknown): cause is BuildFailure {
  return cause instanceof Error && 'errors' in cause
}
