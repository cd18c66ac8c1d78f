// A TLS handshake with one broker that looks at the certificates and sends nothing.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { messageOf } from '../../domain/errors.ts'
import { ok, problem, warning, type Finding } from '../../domain/finding.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import type { KafkaTls } from '../options.ts'

const LIMIT: Millis = 5_000
const DAY: Millis = 86_400_000
/** Before a certificate's end somebody must act. */
const SOON: Millis = 14 * DAY

/** The broker's certificate, where the handshake comes that far; why it does not is told by the connection itself. */
export async function examineCertificate(
  { host, port }: { readonly host: string; readonly port: number },
  tls: KafkaTls,
  clock: Clock,
): Promise<Finding[]> {
  const subject = `certificate of ${host}:${port}`
  const validTo = await shownCertificate(host, port, tls)
  return validTo === null ? [] : [judgeEnd('kafka.certificate', subject, validTo, clock.wall(), 'the broker')]
}

/** Our own certificate, as the file has it. */
export function examineClientCertificate({ cert, key }: KafkaTls, clock: Clock): Finding[] {
  if (cert === undefined || key === undefined) return []
  const [check, subject] = ['kafka.client-certificate', 'client certificate'] as const
  try {
    const { validTo, validFromDate } = new X509Certificate(cert)
    if (validFromDate.getTime() > clock.wall())
      return [
        problem(check, subject, `is valid only from ${validFromDate.toISOString()}`, 'set the clock, or renew it'),
      ]
    return [judgeEnd(check, subject, validTo, clock.wall(), 'KAFKA_TLS_CERT_FILE')]
  } catch (error) {
    const seen = `cannot be read: ${messageOf(error)}`
    return [problem(check, subject, seen, 'put a PEM certificate into KAFKA_TLS_CERT_FILE')]
  }
}

function judgeEnd(check: Finding['check'], subject: string, validTo: string, now: Millis, whose: string): Finding {
  const end = Date.parse(validTo)
  const until = `valid until ${new Date(end).toISOString().slice(0, 10)}`
  if (end <= now) return problem(check, subject, `expired: ${until}`, `renew the certificate of ${whose}`)
  if (end - now > SOON) return ok(check, subject, until)
  return warning(check, subject, `${until}, ${Math.ceil((end - now) / DAY)} days`, `renew the certificate of ${whose}`)
}

/** The end of what the broker shows, whether it can be trusted or not; null where there is no handshake at all. */
function shownCertificate(host: string, port: number, tls: KafkaTls): Promise<string | null> {
  return new Promise((resolve) => {
    const { serverName, ...files } = tls
    const name = serverName ?? (isIP(host) === 0 ? host : undefined)
    let socket: TLSSocket
    const done = (end: string | null): void => {
      socket.destroy()
      resolve(end)
    }
    try {
      socket = connect({
        host,
        port,
        rejectUnauthorized: false,
        ...files,
        ...(name !== undefined && { servername: name }),
      })
    } catch {
      // Files that OpenSSL does not take: the connection for work fails of the same, and tells why.
      resolve(null)
      return
    }
    socket.setTimeout(LIMIT, () => done(null))
    socket.once('error', () => done(null))
    // A connection without a certificate gives an empty object.
    socket.once('secureConnect', () => done((socket.getPeerCertificate() as { valid_to?: string }).valid_to ?? null))
  })
}
