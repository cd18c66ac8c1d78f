// The verdict is shown lists that are right, and lists with each kind of fault in them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Accounting, keyOf, valueOf, type Account, type Found } from './accounting.ts'
import { judge } from './judgement.ts'

const SENT = [30, 20]
const found = (partition: number, number: number, key = keyOf(partition)): Found => ({
  ...{ partition, key: Buffer.from(key), value: Buffer.from(valueOf(partition, number)) },
})
const everything = (): Found[] =>
  SENT.flatMap((count, partition) => Array.from({ length: count }, (_, number) => found(partition, number)))

function accountOf(answers: readonly Found[], letters: readonly Found[] = []): Account {
  const accounting = new Accounting(SENT, true)
  for (const answer of answers) accounting.answer(answer)
  for (const letter of letters) accounting.deadLetter(letter)
  return accounting.account()
}

const rules = { protocol: 'one-to-one', delivery: 'at-least-once', duplicatesAllowed: 10 } as const
const clean = {
  records: 50,
  missing: 0,
  examples: [],
  duplicates: 0,
  innocentDeadLetters: 0,
  foreign: 0,
  disordered: 0,
}

test('everything once and in order is clean', () => {
  const account = accountOf(everything())
  assert.deepEqual(account, clean)
  assert.deepEqual(judge(account, rules), [])
})

test('a record that is left out is missing and named', () => {
  const account = accountOf(everything().filter((_, at) => at !== 33))
  assert.deepEqual([account.missing, account.examples], [1, ['1:3']])
  assert.match(judge(account, rules).join(), /1 records are missing: 1:3/)
})

test('a dead letter is accounted for, and innocent', () => {
  const [first, ...others] = everything()
  assert.ok(first)
  const account = accountOf(others, [first])
  assert.deepEqual([account.missing, account.innocentDeadLetters], [0, 1])
  assert.match(judge(account, rules).join(), /1 innocent/)
})

test('a stretch that comes again is duplicates, not disorder, and red only beyond what is allowed', () => {
  const all = everything()
  const account = accountOf([...all.slice(0, 20), ...all.slice(12, 20), ...all.slice(12)])
  assert.deepEqual([account.duplicates, account.disordered, account.missing], [16, 0, 0])
  assert.match(judge(account, rules).join(), /16 duplicates, 10 are allowed/)
  assert.deepEqual(judge(account, { ...rules, duplicatesAllowed: 16 }), [])
  assert.match(judge(account, { ...rules, delivery: 'exactly-once', duplicatesAllowed: 16 }).join(), /16 duplicates, 0/)
})

test('first deliveries out of order are red for one-to-one', () => {
  const [a, b, ...others] = everything()
  assert.ok(a && b)
  const account = accountOf([b, a, ...others])
  assert.equal(account.disordered, 1)
  assert.match(judge(account, rules).join(), /1 first deliveries/)
  assert.deepEqual(judge(account, { ...rules, protocol: 'relay' }), [])
})

test('values of nobody, numbers beyond the end, cut values and wrong keys are foreign', () => {
  const cut = { ...found(0, 1), value: Buffer.from(valueOf(0, 1).slice(0, -1)) }
  const wrong = [{ ...found(0, 0), value: null }, found(0, 30), found(2, 0), cut, found(0, 1, keyOf(1))]
  assert.equal(accountOf([...everything(), ...wrong]).foreign, wrong.length)
})

test('whatever subset is left out, exactly that is missing; whatever comes again, exactly that is duplicate', () => {
  const all = everything()
  fc.assert(
    fc.property(fc.subarray(all), fc.array(fc.constantFrom(...all)), (delivered, again) => {
      const known = new Set(delivered)
      const repeated = again.filter((each) => known.has(each))
      const { missing, duplicates, foreign } = accountOf([...delivered, ...repeated])
      assert.deepEqual([missing, duplicates, foreign], [all.length - delivered.length, repeated.length, 0])
    }),
  )
})
