/** What `--version` prints: the version of pidpiper and of the runtime inside it. */
export const versionText = (version: string, runtime: string): string => `pidpiper ${version} (node ${runtime})\n`
