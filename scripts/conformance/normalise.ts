// Takes out of an output what differs between two runs of the same program: pids, times, and where it ran.

/** @param folder the temporary folder of the run */
export const normalise = (output: string, folder: string): string =>
  output
    .replaceAll(folder, 'FOLDER')
    // The place in Python's own files that the real client adds to what it did not expect.
    .replace(/: file: \S+ line: \d+$/gm, '')
    .replace(/\bpid \d+, uptime (\d+ days?, )?\d+:\d\d:\d\d/g, 'pid N, uptime T')
    .replace(/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d [AP]M\b/g, 'TIME')
    .replace(/^(supervisor> )?[1-9]\d*$/gm, '$1PID')

/** Lines of a command whose order is not promised. */
export const sortLines = (output: string): string => output.split('\n').sort().join('\n')
