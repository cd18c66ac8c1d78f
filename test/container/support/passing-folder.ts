// Folders that a test run needs for a while, with its pid in their names: what a killed run left, the next one removes.
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { must } from './command.ts'

/** A new folder `<name>-<our pid>-<six characters>` in `parent`. */
export const passingFolder = (parent: string, name: string): Promise<string> =>
  mkdtemp(join(parent, `${name}-${process.pid}-`))

/** The folders `<name>-<pid>-<six characters>` in `parent` whose process is gone. */
export async function orphanedFolders(parent: string, name: string): Promise<string[]> {
  const entries = await readdir(parent)
  return entries.flatMap((entry) => {
    const [, owner] = /^-(\d+)-\w{6}$/.exec(entry.startsWith(name) ? entry.slice(name.length) : '') ?? []
    return owner === undefined || existsSync(`/proc/${owner}`) ? [] : [join(parent, entry)]
  })
}

/** Takes off what is mounted below the folder, and removes it. */
export async function removeFolder(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
  for (const path of mounts.reverse()) await must('umount', [path])
  await rm(folder, { recursive: true, force: true })
}
