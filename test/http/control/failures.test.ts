import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failures, sourceOf } from '../../../src/http/control/failures.ts'

test('an address with too many failures waits until its window ends, others do not', () => {
  let now = 0
  const failures = new Failures(() => now, { most: 3, window: 1000, addresses: 8 })
  assert.deepEqual([failures.failed('a'), failures.failed('a'), failures.wait('a')], [1, 2, 0])
  now = 400
  assert.deepEqual([failures.failed('a'), failures.wait('a'), failures.wait('b')], [3, 600, 0])
  now = 999
  assert.equal(failures.wait('a'), 1)
  now = 1000
  assert.deepEqual([failures.wait('a'), failures.failed('a')], [0, 1])
})

test('memory is bounded: the oldest address is forgotten first', () => {
  const failures = new Failures(() => 0, { most: 1, window: 1000, addresses: 2 })
  for (const address of ['a', 'b', 'c']) failures.failed(address)
  assert.deepEqual(
    ['a', 'b', 'c'].map((address) => failures.wait(address)),
    [0, 1000, 1000],
  )
})

test('a host of IPv6 is its /64, IPv4 is itself in every spelling', () => {
  assert.equal(sourceOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2')
  assert.equal(sourceOf('2001:db8:1:2::6'), '2001:db8:1:2')
  assert.equal(sourceOf('2001:db8::6'), '2001:db8:0:0')
  assert.equal(sourceOf('fe80::1%eth0'), 'fe80:0:0:0')
  assert.equal(sourceOf('::1'), '0:0:0:0')
  assert.equal(sourceOf('::ffff:10.0.0.7'), '10.0.0.7')
  assert.equal(sourceOf('10.0.0.7'), '10.0.0.7')
})
