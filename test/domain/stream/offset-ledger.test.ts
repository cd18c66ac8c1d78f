import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OffsetLedger } from '../../../src/domain/stream/offset-ledger.ts'

/** The obvious ledger: one set entry per offset. */
class NaiveLedger {
  epoch: number
  end: number | null = null
  readonly open = new Set<number>()

  constructor(epoch: number) {
    this.epoch = epoch
  }

  handedOver(first: number, next: number): void {
    for (let offset = first; offset < next; offset++) this.open.add(offset)
    this.end = next
  }

  settle(epoch: number, first: number, next: number): void {
    if (epoch === this.epoch) for (let offset = first; offset < next; offset++) this.open.delete(offset)
  }

  position(): number | null {
    return this.open.size > 0 ? Math.min(...this.open) : this.end
  }

  restart(epoch: number): void {
    this.end = this.position()
    this.open.clear()
    this.epoch = epoch
  }
}

const size = fc.nat({ max: 6 })
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('handedOver' as const), gap: fc.nat({ max: 2 }), size }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      back: fc.nat({ max: 30 }),
      size,
      stale: fc.nat({ max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), by: fc.integer({ min: 1, max: 3 }) }) },
)

test('agrees with a set of single offsets, and keeps its laws, in any order of settlements', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e12 }), fc.array(action, { maxLength: 60 }), (from, actions) => {
      const ledger = new OffsetLedger(1)
      const naive = new NaiveLedger(1)
      let last: number | null = null
      for (const step of actions) {
        const end = ledger.end() ?? from
        if (step.do === 'handedOver') {
          const first = end + step.gap
          ledger.handedOver(first, first + step.size)
          naive.handedOver(first, first + step.size)
        } else if (step.do === 'settle') {
          // 0 in four times of three: the current epoch.
          const epoch = ledger.epoch - Math.max(0, step.stale - 2)
          const first = end - step.back
          ledger.settle(epoch, first, first + step.size)
          naive.settle(epoch, first, first + step.size)
        } else {
          naive.restart(ledger.epoch + step.by)
          ledger.restart(ledger.epoch + step.by)
        }
        const position = ledger.position()
        assert.equal(ledger.epoch, naive.epoch)
        assert.equal(position, naive.position())
        assert.equal(ledger.end(), naive.end)
        assert.equal(ledger.unsettled(), naive.open.size)
        for (const offset of naive.open)
          assert.ok(position !== null && position <= offset, 'passed an unsettled offset')
        if (last !== null) assert.ok(position !== null && position >= last, 'went back')
        if (naive.open.size === 0) assert.equal(position, naive.end)
        last = position
      }
    }),
    { numRuns: 2000 },
  )
})

test('has no position before anything is handed over', () => {
  const ledger = new OffsetLedger(7)
  assert.equal(ledger.position(), null)
  assert.equal(ledger.end(), null)
  ledger.settle(7, 0, 100)
  ledger.restart(8)
  assert.equal(ledger.position(), null)
})

test('a settlement of what is not handed over yet does not settle it in advance', () => {
  const ledger = new OffsetLedger(1)
  ledger.settle(1, 0, 100)
  ledger.handedOver(0, 10)
  assert.equal(ledger.position(), 0)
})

test('refuses offsets that this epoch has seen, and an epoch that is not newer', () => {
  const ledger = new OffsetLedger(1)
  ledger.handedOver(10, 20)
  assert.throws(() => ledger.handedOver(19, 25), /cannot hand over offsets \[19, 25\) after 20/)
  assert.throws(() => ledger.handedOver(25, 24), RangeError)
  assert.throws(() => ledger.restart(1), /cannot restart epoch 1 as 1/)
  ledger.settle(1, 10, 15)
  ledger.restart(2)
  assert.throws(() => ledger.handedOver(14, 20), RangeError)
  ledger.handedOver(15, 20)
  assert.equal(ledger.position(), 15)
  assert.equal(ledger.unsettled(), 5)
})

test('many ranges settled in order, and from the back, leave nothing behind', () => {
  for (const backwards of [false, true]) {
    const ledger = new OffsetLedger(1)
    for (let i = 0; i < 1000; i++) ledger.handedOver(i * 3, i * 3 + 2)
    for (let i = 0; i < 1000; i++) {
      const at = backwards ? 999 - i : i
      ledger.settle(1, at * 3, at * 3 + 2)
      assert.equal(ledger.unsettled(), 2 * (999 - i))
      assert.equal(ledger.position(), i === 999 ? 2999 : backwards ? 0 : (i + 1) * 3)
    }
  }
})
