// The status page from its model. Class names of states, titles and the order of columns are supervisord's: people read
// that page by script.
import type { ProcessState } from '../../../domain/process/state.ts'
import { labels, type GlobalAction, type ProcessAction, type Request } from './actions.ts'
import { html, type Html } from './html.ts'
import { layout } from './layout.ts'
import type { ProcessRow, StatusModel } from './model.ts'

/** The status page as HTML. supervisord: ui/status.html. */
export function statusPage(model: StatusModel): string {
  const { processes, message } = model
  return layout(
    'Supervisor Status',
    html`<header>
        <h1>Supervisor Status</h1>
        <p>${summary(model)}</p>
      </header>
      <main>
        ${message === null ? null : html`<p role="status" class="status_msg">${message}</p>`}
        <form class="toolbar" action="index.html" method="post">
          <a class="button" href="index.html?action=refresh">${labels.refresh}</a>
          ${globalButton('restartall')} ${globalButton('stopall')}
        </form>
        ${processes.length === 0 ? html`<p>No programs to manage</p>` : table(processes)}
      </main>`,
  )
}

/** What an old link to an action answers: nothing happens before the button is pressed. */
export function confirmPage({ action, process }: Request): string {
  const what = process === null ? 'every process' : process
  return layout(
    'Supervisor Status',
    html`<main>
      <h1>${labels[action]}: ${what}?</h1>
      <form class="toolbar" action="index.html" method="post">
        ${process === null ? null : html`<input type="hidden" name="processname" value="${process}" />`}
        <button name="action" value="${action}">${labels[action]}</button>
        <a class="button quiet" href="index.html">Cancel</a>
      </form>
    </main>`,
  )
}

/** The end of a log, or why there is none. */
export function tailPage(process: string | null, limit: number, text: string): string {
  const again = `tail.html?processname=${encodeURIComponent(process ?? '')}&limit=${limit}`
  return layout(
    `Supervisor tail of process ${process ?? 'None'}`,
    html`<header>
        <h1>${process ?? 'No process'}</h1>
        <p>the end of its stdout log</p>
      </header>
      <main>
        <nav class="toolbar">
          ${process === null ? null : html`<a class="button" href="${again}">${labels.refresh}</a>`}
          <a class="button quiet" href="index.html">All processes</a>
        </nav>
        <pre tabindex="0" aria-label="stdout log">${text}</pre>
      </main>`,
  )
}

function summary({ identifier, daemonState, processes }: StatusModel): string {
  const count = (states: readonly ProcessState[]): number =>
    processes.filter(({ state }) => states.includes(state)).length
  const failing = count(['BACKOFF', 'FATAL', 'UNKNOWN'])
  const parts = [
    identifier,
    daemonState.toLowerCase(),
    `${count(['RUNNING'])} of ${processes.length} processes running`,
    ...(failing === 0 ? [] : [`${failing} failing`]),
  ]
  return parts.join(' · ')
}

const globalButton = (action: GlobalAction): Html =>
  html`<button name="action" value="${action}">${labels[action]}</button>`

const table = (rows: readonly ProcessRow[]): Html =>
  html`<table>
    <thead>
      <tr>
        <th scope="col">State</th>
        <th scope="col">Description</th>
        <th scope="col">Name</th>
        <th scope="col">Action</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(row)}
    </tbody>
  </table>`

function row({ namespec, state, description, actions }: ProcessRow, index: number): Html {
  const encoded = encodeURIComponent(namespec)
  return html`<tr${index % 2 === 1 ? html` class="shade"` : null}>
<td class="status"><span class="${stateClass(state)}">${state.toLowerCase()}</span></td>
<td>${description}</td>
<th scope="row"><a href="tail.html?processname=${encoded}" target="_blank" rel="noopener">${namespec}</a></th>
<td class="action"><form action="index.html" method="post"><input type="hidden" name="processname" value="${namespec}">
${actions.map((action) => processButton(action, namespec))}
<a href="logtail/${encoded}" target="_blank" rel="noopener" aria-label="Tail -f Stdout ${namespec}">Tail -f Stdout</a>
<a href="logtail/${encoded}/stderr" target="_blank" rel="noopener" aria-label="Tail -f Stderr ${namespec}">Tail -f Stderr</a>
</form></td>
</tr>
`
}

const processButton = (action: ProcessAction, namespec: string): Html =>
  html`<button name="action" value="${action}" aria-label="${labels[action]} ${namespec}">${labels[action]}</button> `

/** supervisord: web.StatusView.css_class_for_state. */
function stateClass(state: ProcessState): string {
  if (state === 'RUNNING') return 'statusrunning'
  return state === 'FATAL' || state === 'BACKOFF' ? 'statuserror' : 'statusnominal'
}
