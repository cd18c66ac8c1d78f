// `[rpcinterface:x]` and `[ctlplugin:x]`: Python entry points in supervisord, here names of which one is known.
import type { Book } from './section-reader.ts'
import { SectionReader, noExpansions } from './section-reader.ts'
import type { PluginConfig } from './types.ts'

/** The factory behind the methods `supervisor.*`, and the only one that has a counterpart here. */
export const mainFactory = 'supervisor.rpcinterface:make_main_rpcinterface'

export const rpcInterfaceKey = 'supervisor.rpcinterface_factory'
export const ctlPluginKey = 'supervisor.ctl_factory'

/** The plugins that are known here; each other one is a warning, and left out. */
export function readPlugins(book: Book, prefix: string, key: string): PluginConfig[] {
  const sections = [...book.document.sections.values()].filter(({ name }) => name.startsWith(prefix))
  return sections.flatMap((section): PluginConfig[] => {
    const reader = new SectionReader(book, section, noExpansions)
    if (reader.find(key) === undefined) reader.problem(`section [${section.name}] does not specify a ${key}`)
    const factory = reader.text(key, null)
    if (factory === null) return []
    if (factory !== mainFactory) {
      const advice = 'Python plugins cannot be loaded, the section has no effect'
      reader.warn(`[${section.name}] names the factory ${factory}, which is not known here: ${advice}`)
      return []
    }
    // Keys of [DEFAULT] are no arguments: with them supervisord could not start at all.
    const keys = [...section.values.keys()].filter((option) => option !== key)
    const options = Object.fromEntries(keys.map((option) => [option, reader.text(option, '')]))
    return [{ name: section.name.slice(prefix.length), factory, options, place: section.place }]
  })
}
