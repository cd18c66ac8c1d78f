import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { transactionOutcomeOf, type TransactionRequest } from '../../../src/domain/transactions/outcomes.ts'
import {
  nextTransactionState,
  transactionStates,
  type TransactionEvent,
  type TransactionState,
} from '../../../src/domain/transactions/state.ts'

const states = Object.keys(transactionStates) as TransactionState[]
const events = Object.keys(transactionStates.open) as TransactionEvent[]
const walk = (list: readonly TransactionEvent[], from: TransactionState): TransactionState =>
  list.reduce(nextTransactionState, from)

test('a doubted transaction is never committed: only another identity ends it', () => {
  const others = events.filter((event) => !['identified', 'expired', 'superseded'].includes(event))
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...others)), (list) => {
      assert.equal(walk(['doubted', ...list], 'open'), 'void')
    }),
  )
  assert.equal(nextTransactionState('void', 'identified'), 'ready')
})

test('whoever is fenced stays fenced', () => {
  for (const state of states) assert.equal(nextTransactionState(state, 'superseded'), 'fenced')
  for (const event of events) assert.equal(nextTransactionState('fenced', event), 'fenced')
})

test('without an identity nothing is open', () => {
  for (const event of events.filter((each) => each !== 'superseded' && each !== 'identified')) {
    assert.equal(nextTransactionState('unknown', event), 'unknown')
  }
})

test('what moves or is busy is asked again, whatever it was asked for; what is unknown needs a person', () => {
  for (const request of ['identify', 'extend', 'commit', 'abort'] satisfies TransactionRequest[]) {
    for (const error of ['CONCURRENT_TRANSACTIONS', 'GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', null]) {
      assert.equal(transactionOutcomeOf(request, error), 'again')
    }
    for (const error of ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH']) {
      assert.equal(transactionOutcomeOf(request, error), 'fenced')
    }
    assert.equal(transactionOutcomeOf(request, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'), 'person')
  }
})

test('there may be nothing to abort, but there must be something to commit', () => {
  assert.equal(transactionOutcomeOf('abort', 'INVALID_TXN_STATE'), 'nothing')
  assert.equal(transactionOutcomeOf('commit', 'INVALID_TXN_STATE'), 'void')
})
