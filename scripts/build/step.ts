import process from 'node:process'

/** A step of the build that failed: what could not be done, and what to do about it. */
export class BuildError extends Error {
  override readonly name = 'BuildError'
  readonly cure: string

  constructor(message: string, cure: string, options?: ErrorOptions) {
    super(message, options)
    this.cure = cure
  }
}

/** Runs one named step and prints how long it took, with what `work` says about its result. */
export async function step(name: string, work: () => Promise<string>): Promise<void> {
  const start = process.hrtime.bigint()
  const result = await work().catch((cause: unknown) => {
    if (cause instanceof BuildError) throw cause
    throw new BuildError(`cannot ${name}`, 'the cause below says more', { cause })
  })
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  process.stdout.write(`${seconds.toFixed(1).padStart(5)} s  ${name}: ${result}\n`)
}

/** A size for people, in MB of 10⁶ bytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
