// Who a request comes from, by what it carries.
import { sameSecret } from '../../wire/http/same-secret.ts'

/** `read` sees what control shows; `operate` may change things, too. */
export type Role = 'read' | 'operate'

export interface Keys {
  readonly token: string | null
  readonly readToken: string | null
  readonly login: { readonly user: string; readonly password: string } | null
}

/** Whether anybody can be let in at all. */
export const hasKeys = ({ token, readToken, login }: Keys): boolean => (token ?? readToken ?? login) !== null

/**
 * The role that an Authorization header gives; null: none. Every key is compared to the end, so that the time tells
 * neither how much of one was right, nor which one was meant.
 * @param header `Bearer <token>` or `Basic <base64 of user:password>`
 */
export function roleOf(header: string, { token, readToken, login }: Keys): Role | null {
  const [scheme = '', given = ''] = header.trim().split(/ +/, 2)
  switch (scheme.toLowerCase()) {
    case 'bearer': {
      const operates = token !== null && sameSecret(given, token)
      const reads = readToken !== null && sameSecret(given, readToken)
      return operates ? 'operate' : reads ? 'read' : null
    }
    case 'basic': {
      const text = Buffer.from(given, 'base64').toString()
      const colon = text.indexOf(':')
      if (login === null || colon < 0) return null
      const rightUser = sameSecret(text.slice(0, colon), login.user)
      const rightPassword = sameSecret(text.slice(colon + 1), login.password)
      return rightUser && rightPassword ? 'operate' : null
    }
    default:
      return null
  }
}

/** What a client without credentials is told to bring; a browser asks its user only where there is a login. */
export const challengeOf = ({ token, readToken, login }: Keys): string =>
  [
    ...(login === null ? [] : ['Basic realm="pidpiper", charset="UTF-8"']),
    ...(token === null && readToken === null ? [] : ['Bearer realm="pidpiper"']),
  ].join(', ')
