import { SUPERVISOR_VERSION } from '../versions.ts'
import { html, type Html } from './html.ts'

/** A whole page around its content. */
export function layout(title: string, content: Html): string {
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="stylesheets/supervisor.css" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        ${content}
        <footer>pidpiper, with the interface of Supervisor ${SUPERVISOR_VERSION}</footer>
      </body>
    </html> `.text
}
