import { once } from 'node:events'
import { connect, type Socket, type TcpNetConnectOpts, type IpcNetConnectOpts } from 'node:net'

const HEADER_END = '\r\n\r\n'

/** The least that can ask: Node's own client takes longer over an answer than the daemons do, and would be measured. */
export class LeanClient {
  readonly #socket: Socket
  /** Bytes that are still to come; null: the header is not here yet. */
  #left: number | null = null
  #head = ''
  #answered: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  static async connect(address: TcpNetConnectOpts | IpcNetConnectOpts): Promise<LeanClient> {
    const socket = connect(address)
    await once(socket, 'connect')
    socket.setNoDelay(true)
    return new LeanClient(socket)
  }

  /** Ms until the last byte of the answer is here. */
  async ask(request: Uint8Array): Promise<number> {
    const began = performance.now()
    await new Promise<void>((resolve, reject) => {
      this.#answered = resolve
      this.#socket.once('close', reject)
      this.#socket.write(request)
    })
    this.#socket.removeAllListeners('close')
    return performance.now() - began
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#left === null) {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf(HEADER_END)
      if (end < 0) return
      const length = /^content-length: *(\d+)/im.exec(this.#head)?.[1]
      this.#left = Number(length) - (this.#head.length - end - HEADER_END.length)
    } else this.#left -= chunk.length
    if (this.#left > 0) return
    this.#left = null
    this.#head = ''
    this.#answered()
  }
}

/** A POST of this body to /RPC2, on a connection that stays. */
export const rpcRequest = (body: string): Buffer =>
  Buffer.from(
    'POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
