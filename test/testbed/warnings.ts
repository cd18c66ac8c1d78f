// Node's own warnings on a test file's stderr, told apart by the place they come from.

/**
 * Blocks `(node:123) SomeWarning: …` with their stack (--trace-warnings) that were raised by code of this project.
 * A warning whose first frame outside Node lies in node_modules belongs to that package.
 */
export function ownWarnings(stderr: string): string[] {
  // Head, up to three more lines of the message, frames.
  const blocks = stderr.match(/^\(node:\d+\) .*(\n(?!\(node:)\S.*){0,3}(\n[ \t]+.*)*/gm) ?? []
  return blocks.filter((block) => {
    const frames = block
      .split('\n')
      .filter((line) => /^\s+at /.test(line) && !/node:internal|\(node:|at node:/.test(line))
    return !(frames[0] ?? '').includes('/node_modules/')
  })
}
