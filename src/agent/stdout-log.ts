import type { Log } from '../log.ts'
import { stderrSplitter } from '../os/child-stderr.ts'

/** Where the lines of a Calculator go whose stdout is log (PROTOCOL=sink): to ours, as its stderr does. */
export const stdoutLog =
  (log: Pick<Log, 'child'>, namespec: string) =>
  (pid: number, lines: Uint8Array): void => {
    const splitter = stderrSplitter((text, cut) => log.child({ stream: 'stdout', namespec, pid, text, cut }))
    splitter.write(lines)
    splitter.end()
  }
