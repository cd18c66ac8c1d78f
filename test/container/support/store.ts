// A container store of its own in a passing folder: nothing of it is seen by, or left in, the machine's own.
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run, type Options, type Outcome } from './command.ts'
import { orphanedFolders, passingFolder, removeFolder } from './passing-folder.ts'

/** Of folders of stores; short, for podman takes 50 characters at most. */
const NAME = 'pidpiper-oci'

export class Store {
  readonly folder: string
  readonly #stores: readonly string[]
  readonly #podman: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  readonly #how = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers=false']

  private constructor(folder: string) {
    this.folder = folder
    const at = (name: string): string => join(folder, name)
    this.#stores = ['--root', at('store'), '--runroot', at('run'), '--storage-driver', 'overlay']
    const engine = ['--tmpdir', at('libpod'), '--runtime', 'runc', '--cgroup-manager', 'cgroupfs']
    this.#podman = [...this.#stores, ...engine, '--events-backend', 'none']
    // No systemd timer per health check: the test asks by itself.
    this.#env = { TMPDIR: at('tmp'), DISABLE_HC_SYSTEMD: 'true' }
  }

  /** Also removes what is left of the stores of processes that were killed. */
  static async open(): Promise<Store> {
    for (const orphan of await orphanedFolders(tmpdir(), NAME)) await new Store(orphan).close()
    const store = new Store(await passingFolder(tmpdir(), NAME))
    await mkdir(join(store.folder, 'tmp'))
    return store
  }

  /** Imports a tar file as the image `name`, so that a FROM line finds it here. */
  async import(tar: string, name: string): Promise<void> {
    await must('podman', [...this.#podman, 'import', '--quiet', tar, name], { env: this.#env })
  }

  /** Builds the image `name`; `words` are further words for buildah, the last one is the context. */
  async build(name: string, words: readonly string[]): Promise<void> {
    await must('buildah', [...this.#stores, 'bud', ...this.#how, '-t', name, ...words], { env: this.#env })
  }

  /** The command line of podman with any words, and what it needs in its environment. */
  command(words: readonly string[]): { command: [string, ...string[]]; env: Readonly<Record<string, string>> } {
    return { command: ['podman', ...this.#podman, ...words], env: this.#env }
  }

  /** Runs podman with any words. */
  podman(words: readonly string[], options: Options = {}): Promise<Outcome> {
    return run('podman', [...this.#podman, ...words], { timeout: 120_000, ...options, env: this.#env })
  }

  /** The words of `podman run` for a container within the limits of a nested machine. */
  runWords(name: string, network: 'none' | 'host' = 'none'): string[] {
    const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=4096:4096']
    return ['run', '--rm', '--name', name, '--network', network, ...limits]
  }

  /** A shell script that stands in for `docker build` and `docker run`; an image that exists is not built again. */
  dockerScript(): string {
    const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ')
    const [run = '', ...flags] = this.runWords('documented').filter((word) => word !== '--rm')
    return [
      '#!/bin/bash -e',
      ...Object.entries(this.#env).map(([name, value]) => `export ${name}='${value}'`),
      'word=$1; shift',
      'case $word in',
      `build) podman ${quoted(this.#podman)} image exists "docker.io/library/$2" ||`,
      `  exec buildah ${quoted(this.#stores)} bud ${quoted(this.#how)} "$@" >&2 ;;`,
      `run) exec podman ${quoted(this.#podman)} ${run} ${quoted(flags)} "$@" ;;`,
      'esac',
      '',
    ].join('\n')
  }

  /** Ends what still runs, takes off the mounts, and removes the folder. */
  async close(): Promise<void> {
    await this.podman(['rm', '--all', '--force', '--time', '0'])
    await run('buildah', [...this.#stores, 'rm', '--all'], { env: this.#env })
    await removeFolder(this.folder)
  }
}
