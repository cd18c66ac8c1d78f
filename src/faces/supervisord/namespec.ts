// How people name processes: `process`, `group:process`, `group:*`, and patterns of ours.

/** What a command shows (supervisord: options.make_namespec). */
export const makeNamespec = (group: string, process: string): string =>
  group === process ? group : `${group}:${process}`

export interface Namespec {
  readonly group: string
  /** Null: all of the group. */
  readonly process: string | null
}

/** supervisord: options.split_namespec. */
export function splitNamespec(namespec: string): Namespec {
  const colon = namespec.indexOf(':')
  if (colon < 0) return { group: namespec, process: namespec }
  const process = namespec.slice(colon + 1)
  return { group: namespec.slice(0, colon), process: process === '' || process === '*' ? null : process }
}

/** `web*`, `app:w?b`, `*:worker`; but `app:*` is supervisord's own way to name a group. */
export const isPattern = (name: string): boolean => /[*?]/.test(name.replace(/:\*$/, ''))

/** Processes that a pattern means: it is held against what `status` shows, and against `group:process`. */
export function matching<T extends { readonly group: string; readonly name: string }>(
  pattern: string,
  processes: readonly T[],
): T[] {
  return processes.filter(({ group, name }) => {
    return wildcard(pattern, makeNamespec(group, name)) || wildcard(pattern, `${group}:${name}`)
  })
}

/** `*` is any text, `?` any character. In steps of the two lengths at most, whatever the pattern. */
function wildcard(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resume = 0
  for (let index = 0; index < text.length;) {
    if (pattern[at] === '*') {
      star = at++
      resume = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at++
      index++
    } else if (star >= 0) {
      at = star + 1
      index = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
