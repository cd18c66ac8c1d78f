// Workers that settle their records of one partition in any order, and begin anew now and then.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OffsetLedger } from '../../../src/domain/stream/offset-ledger.ts'
import { Shares } from '../../../src/domain/stream/shares.ts'

const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('batch' as const), size: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('settle' as const), worker: fc.nat(), at: fc.nat(), tell: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), worker: fc.nat() }) },
)

/** A worker with its ledger, and what it had of its own. */
class Worker {
  ledger = new OffsetLedger(1)
  readonly settled = new Set<number>()
  open: number[] = []
}

test('the least over all workers: never past what somebody has not settled, never back, and the end when all is done', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.nat(1e9),
      fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
      fc.array(action, { maxLength: 80 }),
      (count, begin, owners, actions) => {
        const workers = Array.from({ length: count }, () => new Worker())
        const shares = new Shares([...workers.keys()], 1)
        const ownerOf = (offset: number): number => (owners[offset % owners.length] ?? 0) % count
        let fetched = begin
        let end = begin
        let last = -1

        const deal = (first: number, next: number): void => {
          for (const [index, worker] of workers.entries()) {
            const from = shares.due(index, first, next)
            if (from === null) continue
            const mine = Array.from({ length: next - from }, (_, i) => from + i).filter((o) => ownerOf(o) === index)
            shares.dealt(index, from, next, mine.length === 0)
            if (mine.length === 0) continue
            for (const offset of mine) assert.ok(!worker.open.includes(offset), 'no record is dealt twice')
            // As a stream does it: what is in front of its first record is nothing to wait for.
            worker.ledger.handedOver(from, next)
            worker.ledger.settle(worker.ledger.epoch, from, mine[0] ?? from)
            worker.open.push(...mine)
          }
          fetched = next
          end = Math.max(end, next)
        }
        const settle = (index: number, at: number, tell: boolean): void => {
          const worker = workers[index]
          const [offset] = worker?.open.splice(at, 1) ?? []
          if (!worker || offset === undefined) return
          worker.settled.add(offset)
          let next = offset + 1
          while (next < end && !worker.open.includes(next) && ownerOf(next) !== index) next++
          worker.ledger.settle(worker.ledger.epoch, offset, next)
          if (tell) report(index)
        }
        const report = (index: number): void => {
          const { ledger } = workers[index] ?? {}
          const position = ledger?.position() ?? null
          if (ledger && position !== null) assert.ok(shares.settled(index, ledger.epoch, position))
        }
        const die = (index: number): void => {
          const worker = workers[index]
          const offset = worker?.ledger.position() ?? null
          if (!worker || offset === null || worker.ledger.unsettled() === 0) return
          const before = worker.ledger.epoch
          worker.ledger.restart(before + 1)
          worker.open = []
          for (const settled of worker.settled) if (settled >= offset) worker.settled.delete(settled)
          fetched = shares.rewound(index, worker.ledger.epoch, offset)
          assert.ok(!shares.settled(index, before, end + 100), 'what comes of the past is not heard')
          assert.ok(fetched <= offset)
        }
        const judge = (): void => {
          const { position } = shares
          if (position === null) return
          assert.ok(position >= last, 'never back')
          assert.ok(position <= end)
          last = position
          for (let offset = begin; offset < position; offset++) {
            assert.ok(workers[ownerOf(offset)]?.settled.has(offset), `${offset} is below ${position}, not settled`)
          }
        }

        for (const step of actions) {
          if (step.do === 'batch') deal(fetched, fetched + step.size)
          else if (step.do === 'die') die(step.worker % count)
          else {
            const index = step.worker % count
            const { open } = workers[index] ?? { open: [] }
            if (open.length > 0) settle(index, step.at % open.length, step.tell)
          }
          judge()
        }
        if (fetched < end) deal(fetched, end)
        for (const [index, { open }] of workers.entries()) {
          while (open.length > 0) settle(index, 0, false)
          report(index)
          judge()
        }
        if (end > begin) assert.equal(shares.position, end)
        else assert.equal(shares.position, null)
      },
    ),
    { numRuns: 1000 },
  )
})

test('one that has nothing to do holds nothing up', () => {
  const shares = new Shares([0, 1], 1)
  for (const worker of [0, 1]) shares.dealt(worker, 100, 200, worker === 1)
  assert.equal(shares.position, 100)
  shares.settled(0, 1, 200)
  assert.equal(shares.position, 200)
})

test('nobody is forgotten that waits for its first part when another begins anew', () => {
  const shares = new Shares([0, 1], 1)
  shares.dealt(0, 100, 200, false)
  assert.equal(shares.rewound(0, 2, 150), 100)
})
