// Which address of ours the others shall use.
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

export interface AdvertiseOptions {
  /** CONSUL_ADVERTISE. */
  readonly advertise: string | null
  /** POD_IP. */
  readonly podIp: string | null
  /** Host of CONSUL_DSN. */
  readonly consulHost: string
}

export interface Advertised {
  readonly address: string
  /** Where it comes from, for the log. */
  readonly reason: string
  readonly warning?: string
}

/** What the machine knows of its own addresses; tests answer for it. */
export interface Addresses {
  /** The source address of packets to `host`; null without a route or a name. Nothing is sent. */
  sourceTowards(host: string): Promise<string | null>
  /** Addresses of all interfaces, loopback among them. */
  own(): readonly string[]
}

/** Addresses set aside for documentation: only the default route leads there. */
const ELSEWHERE = ['192.0.2.1', '2001:db8::1'] as const
const NAME_LIMIT_MS = 2_000

/** CONSUL_ADVERTISE, POD_IP, the way to Consul, the default route, any interface; loopback last, with a warning. */
export async function chooseAdvertise(options: AdvertiseOptions, addresses: Addresses = machine): Promise<Advertised> {
  if (options.advertise !== null) return { address: options.advertise, reason: 'CONSUL_ADVERTISE' }
  if (options.podIp !== null) return { address: options.podIp, reason: 'POD_IP' }
  const towards = (await addresses.sourceTowards(options.consulHost)) ?? '127.0.0.1'
  if (isReachable(towards))
    return { address: towards, reason: `source address towards Consul at ${options.consulHost}` }
  for (const host of ELSEWHERE) {
    const address = await addresses.sourceTowards(host)
    if (address !== null && isReachable(address)) return { address, reason: 'address of the default route' }
  }
  const first = addresses.own().find(isReachable)
  if (first !== undefined) return { address: first, reason: 'first address that is no loopback' }
  const warning = 'this machine has only loopback addresses: nobody else can reach it; set CONSUL_ADVERTISE'
  return { address: towards, reason: 'only loopback', warning }
}

// Link-local addresses mean nothing without the interface they belong to.
const isReachable = (address: string): boolean =>
  isIP(address) !== 0 && !/^(127\.|0\.|169\.254\.|::1?$|::ffff:127\.|fe[89ab])/i.test(address)

const machine: Addresses = {
  async sourceTowards(host) {
    const target = await resolve(host)
    if (target === null) return null
    const socket = createSocket(target.family === 6 ? 'udp6' : 'udp4')
    try {
      const connected = once(socket, 'connect')
      socket.connect(9, target.address)
      await connected
      return socket.address().address
    } catch {
      return null // no route there: the next way is tried, and the one that was taken is logged
    } finally {
      socket.close()
    }
  },
  own: () => Object.values(networkInterfaces()).flatMap((some) => (some ?? []).map(({ address }) => address)),
}

async function resolve(host: string): Promise<{ address: string; family: number } | null> {
  if (isIP(host) !== 0) return { address: host, family: isIP(host) }
  const limit = AbortSignal.timeout(NAME_LIMIT_MS)
  const tooLate = once(limit, 'abort').then(() => null)
  return Promise.race([lookup(host).catch(() => null), tooLate])
}
