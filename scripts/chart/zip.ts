import { inflateRawSync } from 'node:zlib'

const STORED = 0
const DEFLATED = 8

/**
 * The bytes of the one file `name` in a zip archive: stored or deflated, below 4 GiB, not encrypted.
 * Raises an error that names the file when the archive does not have it in such a form.
 */
export function unzipOne(archive: Buffer, name: string): Buffer {
  // The archive's table of contents is found from its end record, which only a comment may follow.
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  if (end === -1) throw new Error(`cannot unzip ${name}: the archive has no end record`)
  let at = archive.readUInt32LE(end + 16)
  for (let entries = archive.readUInt16LE(end + 10); entries > 0; entries -= 1) {
    const nameLength = archive.readUInt16LE(at + 28)
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) return unpack(archive, at, name)
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  throw new Error(`cannot unzip ${name}: the archive has no such file`)
}

function unpack(archive: Buffer, entry: number, name: string): Buffer {
  const method = archive.readUInt16LE(entry + 10)
  const packedSize = archive.readUInt32LE(entry + 20)
  const local = archive.readUInt32LE(entry + 42)
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
  const packed = archive.subarray(start, start + packedSize)
  if (method === STORED) return packed
  if (method === DEFLATED) return inflateRawSync(packed)
  throw new Error(`cannot unzip ${name}: compression method ${method} is not known here`)
}
