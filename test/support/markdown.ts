/** The rows of all tables under a heading of level 2, without their heads: the cells of each. */
export function rowsUnder(page: string, title: string): string[][] {
  const [, ...sections] = page.split(/^## /m)
  const lines = sections.find((section) => section.startsWith(`${title}\n`))?.split('\n') ?? []
  return lines
    .filter(
      (line, index) => line.startsWith('|') && !line.startsWith('| ---') && !lines[index + 1]?.startsWith('| ---'),
    )
    .map((line) => line.slice(2, -2).split(/ \| ?/))
}
