import assert from 'node:assert/strict'
import { readFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { openBrowser, withoutChromium } from './support/chromium.ts'
import { startOurs } from './support/our-daemon.ts'

const button = (name: string): string => `button[aria-label=${JSON.stringify(name)}]`

test('the page in a browser: see, stop, start, restart, read, clear', { skip: withoutChromium }, async (t) => {
  const port = await freePort()
  const program = (name: string): string =>
    `[program:${name}]\ncommand=sh -c "echo said by ${name}; exec sleep 1000"\nstartsecs=0\nstdout_logfile=%(here)s/${name}.log\n`
  const { folder } = await startOurs(
    t,
    `[inet_http_server]\nport=127.0.0.1:${port}\n${program('one')}${program('two')}`,
  )
  const page = await openBrowser(t)
  const url = `http://127.0.0.1:${port}/`
  const states = (one: string, two: string): Promise<void> =>
    page.see(
      `one ${one}, two ${two}`,
      `[...document.querySelectorAll('td.status span')].map((span) => span.textContent).join() === '${one},${two}'`,
    )
  const told = (sentence: string): Promise<void> =>
    page.see(sentence, `document.querySelector('.status_msg')?.textContent.startsWith(${JSON.stringify(sentence)})`)

  await page.open(url)
  await page.see('the title', 'document.title === "Supervisor Status"')
  await states('running', 'running')
  assert.match(await page.text(), /2 of 2 processes running[\s\S]*pid \d+, uptime 0:00/)
  // The one style sheet is let through by the page's own policy.
  await page.see('the style', 'getComputedStyle(document.querySelector("td.status span")).fontWeight === "600"')

  await page.click(button('Stop one'))
  await told('Process one stopped')
  await states('stopped', 'running')
  await page.click(button('Start one'))
  await told('Process one started')
  await states('running', 'running')
  await page.click(button('Restart two'))
  await told('Process two restarted')
  await page.click('button[value=stopall]')
  await told('All stopped at ')
  await states('stopped', 'stopped')
  await page.click('button[value=restartall]')
  await told('All restarted at ')
  await states('running', 'running')

  const log = join(folder, 'one.log')
  await waitFor('the log of one', () => readFileSync(log, 'utf8').length > 0)
  await page.open(`${url}tail.html?processname=one`)
  await page.see('the log', 'document.body.innerText.includes("said by one")')
  await page.open(url)
  await page.click(button('Clear Log one'))
  await told('Log for one cleared')
  await waitFor('an empty log', () => existsSync(log) && readFileSync(log, 'utf8') === '')
})
