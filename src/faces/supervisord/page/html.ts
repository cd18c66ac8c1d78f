/** Markup that cannot be broken out of: every value in a template is escaped unless it is markup itself. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type HtmlValue = string | number | Html | null | readonly HtmlValue[]

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => references[character] ?? '').replaceAll('\0', '\ufffd')

/** A template of markup; null is nothing, a list is its items one after the other. */
export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html =>
  new Html(strings.map((text, index) => text + (index < values.length ? shown(values[index] ?? null) : '')).join(''))

function shown(value: HtmlValue): string {
  if (value === null) return ''
  if (value instanceof Html) return value.text
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  return value.map(shown).join('')
}
