// Preloaded into a Node process (`node --import`): measures the lag of its event loop with a resolution of 1 ms.
// SIGUSR2 writes what was seen since the last one to LOOP_PROBE_FILE, in ms, and begins anew.
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'

const RESOLUTION_MS = 1
const file = process.env['LOOP_PROBE_FILE'] ?? ''
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
// The histogram holds whole intervals: without the wanted part of each, what stays is the lag.
const lag = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
delay.enable()

process.on('SIGUSR2', () => {
  const seen = { count: delay.count, p50: lag(delay.percentile(50)), p99: lag(delay.percentile(99)) }
  writeFileSync(`${file}.new`, JSON.stringify({ ...seen, p999: lag(delay.percentile(99.9)), max: lag(delay.max) }))
  renameSync(`${file}.new`, file)
  delay.reset()
})
