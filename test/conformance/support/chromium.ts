// A real browser without a window, driven over its debugging socket (Chrome DevTools Protocol).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { waitFor } from '../../support/wait-for.ts'

const CHROMIUM = '/usr/bin/chromium'

export const withoutChromium = existsSync(CHROMIUM)
  ? false
  : `needs ${CHROMIUM}, which is not here; it comes with Debian's package: apt-get install chromium`

interface Answer {
  readonly id?: number
  readonly result?: { readonly result?: { readonly value?: unknown }; readonly exceptionDetails?: { text: string } }
  readonly error?: { readonly message: string }
}

export class BrowserPage {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #next = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer)
    })
  }

  async open(url: string): Promise<void> {
    await this.#send('Page.navigate', { url })
    await this.see(`${url} to load`, 'document.readyState === "complete"')
  }

  /** Clicks on the one thing that `selector` finds. */
  async click(selector: string): Promise<void> {
    const found = `document.querySelectorAll(${JSON.stringify(selector)})`
    await this.see(selector, `${found}.length === 1`)
    // After the answer: a click that leaves the page takes the answer with it.
    await this.#evaluate(`void setTimeout(() => ${found}[0].click())`)
  }

  /** Waits until this expression of the page is true. */
  async see(what: string, expression: string): Promise<void> {
    await waitFor(what, async () => (await this.#evaluate(expression)) === true)
  }

  async text(): Promise<string> {
    return String(await this.#evaluate('document.body.innerText'))
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#send('Runtime.evaluate', { expression })
    if (result?.exceptionDetails) throw new Error(`${expression}: ${result.exceptionDetails.text}`)
    return result?.result?.value
  }

  async #send(method: string, params: Readonly<Record<string, unknown>>): Promise<Answer> {
    const id = ++this.#next
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(id, resolve)
    this.#socket.send(JSON.stringify({ id, method, params }))
    const answer = await promise
    this.#waiting.delete(id)
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`)
    return answer
  }
}

/** An empty page of a browser that has ended after the test. */
export async function openBrowser(t: TestContext): Promise<BrowserPage> {
  const folder = mkdtempSync(join(tmpdir(), 'pidpiper-browser-'))
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
  const browser = spawn(
    CHROMIUM,
    [...flags, '--remote-debugging-port=0', `--user-data-dir=${join(folder, 'profile')}`, 'about:blank'],
    { stdio: 'ignore' },
  )
  const ended = once(browser, 'close')
  t.after(async () => {
    browser.kill('SIGKILL')
    await ended
    // Its helpers end a moment later, and may still write there.
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  const port = await waitFor(
    'the debugging port',
    () => readFileSync(join(folder, 'profile', 'DevToolsActivePort'), 'utf8').split('\n')[0],
    { timeout: 60_000 },
  )
  const address = await waitFor('a page', async () => {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as Record<string, string>[]
    return targets.find(({ type }) => type === 'page')?.['webSocketDebuggerUrl']
  })
  const socket = new WebSocket(address)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  t.after(() => socket.close())
  return new BrowserPage(socket)
}
