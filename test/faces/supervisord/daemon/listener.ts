// An event listener that adds what it hears to a file. It starts no process for an event: one that did would be too slow
// for the end of a daemon on a machine that is busy.
import { appendFileSync } from 'node:fs'
import process from 'node:process'

const heard = process.argv[2] ?? ''

process.stdout.write('READY\n')
appendFileSync(heard, '')
let bytes = Buffer.alloc(0)
for await (const chunk of process.stdin) {
  bytes = Buffer.concat([bytes, chunk as Buffer])
  const body = bytes.indexOf('\n') + 1
  const end = body + Number(/ len:(\d+)\n$/.exec(bytes.toString('latin1', 0, body))?.[1])
  if (!(bytes.length >= end)) continue
  appendFileSync(heard, `${bytes.toString('utf8', body, end)}\n`)
  bytes = bytes.subarray(end)
  process.stdout.write('RESULT 2\nOKREADY\n')
}
