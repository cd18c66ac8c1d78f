// What Ansible's module community.general.supervisorctl relies on, written down from its documented behaviour: it runs
// supervisorctl, takes the first two words of each status line, and looks for one sentence in what a command prints.
import { spawnSync } from 'node:child_process'

export type Wish = 'present' | 'started' | 'stopped' | 'restarted' | 'signalled' | 'absent'

interface Ran {
  readonly code: number | null
  readonly out: string
}

export class AnsibleContract {
  readonly #words: readonly [string, ...string[]]

  /** @param words supervisorctl with its flags */
  constructor(words: readonly [string, ...string[]]) {
    this.#words = words
  }

  /**
   * Brings a process, or with a final colon a group, to a state. True: something was changed. Throws what the module
   * would fail with.
   */
  converge(name: string, wish: Wish): boolean {
    switch (wish) {
      case 'present':
        if (this.#matching(name).length > 0) return false
        this.#mustSucceed('reread')
        return this.#mustSay(this.#run('add', bare(name)), `${bare(name)}: added process group`)
      case 'absent':
        if (this.#matching(name).length === 0) return false
        return this.#mustSay(this.#run('remove', bare(name)), `${bare(name)}: removed process group`)
      case 'restarted':
        this.#mustSucceed('update')
        return this.#act(name, 'restart', 'started', () => true)
      case 'started':
        return this.#act(name, 'start', 'started', (state) => state !== 'RUNNING' && state !== 'STARTING')
      case 'stopped':
        return this.#act(name, 'stop', 'stopped', (state) => state === 'RUNNING' || state === 'STARTING')
      case 'signalled':
        // One word of two, which supervisorctl takes for two.
        return this.#act(name, 'signal HUP', 'signalled', (state) => state === 'RUNNING')
    }
  }

  /** Names and states of what `status` shows, whatever its exit code. */
  #matching(name: string): (readonly [string, string])[] {
    const lines = this.#run('status').out.split('\n').filter(Boolean)
    const found = lines.map((line): readonly [string, string] => {
      const [process = '', state = ''] = line.split(' ').filter(Boolean)
      return [process, state]
    })
    return found.filter(([process]) => (name.endsWith(':') ? process.startsWith(name) : process === name))
  }

  #act(name: string, command: string, done: string, isMeant: (state: string) => boolean): boolean {
    const matching = this.#matching(name)
    if (matching.length === 0) throw new Error(`${name}: ERROR (no such process)`)
    const meant = matching.filter(([, state]) => isMeant(state))
    for (const [process] of meant) this.#mustSay(this.#mustSucceed(command, process), `${process}: ${done}`)
    return meant.length > 0
  }

  #mustSay(ran: Ran, sentence: string): true {
    if (!ran.out.includes(sentence)) throw new Error(`no ${JSON.stringify(sentence)} in ${JSON.stringify(ran)}`)
    return true
  }

  #mustSucceed(...words: readonly string[]): Ran {
    const ran = this.#run(...words)
    if (ran.code !== 0) throw new Error(`${words.join(' ')}: ${JSON.stringify(ran)}`)
    return ran
  }

  #run(...words: readonly string[]): Ran {
    const [file, ...flags] = this.#words
    const { status, stdout, error } = spawnSync(file, [...flags, ...words], { encoding: 'utf8' })
    if (error) throw error
    return { code: status, out: stdout }
  }
}

const bare = (name: string): string => name.replace(/:$/, '')
