// Basic authentication as the configuration has it: one user, and a password that is plain or a SHA-1 digest.
import { createHash } from 'node:crypto'
import { sameSecret } from '../../../../wire/http/same-secret.ts'

export interface Credentials {
  readonly username: string
  /** Plain, or `{SHA}` and 40 hexadecimal digits. */
  readonly password: string
}

export type Verdict = 'welcome' | 'unauthorized' | 'malformed'

/** supervisord: auth_handler.handle_request. `header` is the value of Authorization. */
export function authenticate(header: string | undefined, { username, password }: Credentials): Verdict {
  const [scheme = '', token = ''] = (header ?? '').trim().split(/\s+/, 2)
  if (scheme.toLowerCase() !== 'basic') return 'unauthorized'
  const decoded = Buffer.from(token, 'base64').toString()
  const colon = decoded.indexOf(':')
  if (token === '' || colon < 0) return 'malformed'
  const rightUser = sameSecret(decoded.slice(0, colon), username)
  const rightPassword = isPassword(decoded.slice(colon + 1), password)
  return rightUser && rightPassword ? 'welcome' : 'unauthorized'
}

const digestMark = '{SHA}'

function isPassword(given: string, stored: string): boolean {
  if (!stored.startsWith(digestMark)) return sameSecret(given, stored)
  const digest = createHash('sha1').update(given).digest('hex')
  return sameSecret(digest, stored.slice(digestMark.length).toLowerCase())
}
