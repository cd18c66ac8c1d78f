import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { freePort } from '../../support/ports.ts'
import { tempDir } from '../../support/temp.ts'
import { waitFor } from '../../support/wait-for.ts'

/** Debian keeps it out of a user's PATH. */
const NGINX = '/usr/sbin/nginx'

export const withoutNginx = existsSync(NGINX)
  ? false
  : `needs ${NGINX}, which is not here; it comes with Debian's package: apt-get install nginx-light`

/** A real nginx that asks for `user` and `secret` and passes everything on to a unix socket; its port. */
export async function startNginx(t: TestContext, socket: string): Promise<number> {
  const folder = tempDir(t)
  const port = await freePort()
  writeFileSync(join(folder, 'users'), 'user:{PLAIN}secret\n')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/tmp;`,
  )
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    pid ${folder}/pid;
    events {}
    http {
      access_log off;
      ${temporary.join('\n')}
      server {
        listen 127.0.0.1:${port};
        auth_basic "Restricted";
        auth_basic_user_file ${folder}/users;
        location / {
          proxy_pass http://unix:${socket}:;
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header Connection "";
          proxy_buffering off;
        }
      }
    }`,
  )
  const nginx = spawn(NGINX, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  nginx.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const ended = once(nginx, 'close')
  t.after(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  await waitFor('nginx', async () => {
    if (nginx.exitCode !== null) throw new Error(said)
    return (await fetch(`http://127.0.0.1:${port}/`)).status === 401
  })
  return port
}
