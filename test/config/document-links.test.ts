// Links between the documents, to files of the project, and to headings.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const pages = globSync(['*.md', 'docs/*.md', 'examples/**/*.md', 'charts/**/*.md'], { cwd: root })

/** As GitHub makes them of headings. */
const anchors = (page: string): Set<string> =>
  new Set(
    [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

test('every link leads somewhere', () => {
  const broken: string[] = []
  let seen = 0
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      seen++
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : normalize(join(dirname(page), path))
      const exists = existsSync(join(root, target))
      const isThere = exists && (anchor === undefined || anchors(readFileSync(join(root, target), 'utf8')).has(anchor))
      if (!isThere) broken.push(`${page}: ${link}`)
    }
  }
  assert.deepEqual(broken, [])
  assert.ok(seen >= 60, `${seen} links`)
})

test('every page of docs is named in the README, or in one that is', () => {
  // By a link, or by its path in a block of commands.
  const namedIn = (page: string): string[] => {
    const text = readFileSync(join(root, page), 'utf8')
    const links = [...text.matchAll(/\]\(([^)\s#:]+\.md)/g)].map(([, link = '']) =>
      normalize(join(dirname(page), link)),
    )
    return [...links, ...[...text.matchAll(/\bdocs\/[\w-]+\.md\b/g)].map(([path]) => path)]
  }
  const reached = new Set(['README.md'])
  for (const page of reached) for (const next of namedIn(page)) if (pages.includes(next)) reached.add(next)
  assert.deepEqual(
    pages.filter((page) => page.startsWith('docs/') && !reached.has(page)),
    [],
  )
})
