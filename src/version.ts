// The one place that knows the version: the bundler copies the manifest into the binary, source runs read the file.
import manifest from '../package.json' with { type: 'json' }

export const version: string = manifest.version
