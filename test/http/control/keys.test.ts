import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { challengeOf, hasKeys, roleOf, type Keys } from '../../../src/http/control/keys.ts'

const none: Keys = { token: null, readToken: null, login: null }
const all: Keys = { token: 'operator-token', readToken: 'reader-token', login: { user: 'me', password: 'a:b ü' } }
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('each key gives its role, and nothing else gives one', () => {
  assert.equal(roleOf('Bearer operator-token', all), 'operate')
  assert.equal(roleOf('bearer   operator-token ', all), 'operate')
  assert.equal(roleOf('Bearer reader-token', all), 'read')
  assert.equal(roleOf(basic('me:a:b ü'), all), 'operate')
  const wrong = ['', 'Bearer', 'Bearer ', 'Bearer operator-toke', 'Bearer operator-tokenn', 'operator-token', 'Basic']
  const others = ['Basic operator-token', basic('me'), basic('me:'), basic(':a:b ü'), basic('you:a:b ü'), 'Digest x']
  for (const header of [...wrong, ...others]) assert.equal(roleOf(header, all), null, header)
})

test('a key that is not set lets nobody in, not even nobody', () => {
  for (const header of ['Bearer ', 'Bearer null', 'Bearer undefined', basic(':'), basic('null:null')]) {
    assert.equal(roleOf(header, none), null)
  }
  assert.equal(roleOf('Bearer reader-token', { ...none, readToken: 'reader-token' }), 'read')
  assert.deepEqual([hasKeys(none), hasKeys({ ...none, readToken: 'x' })], [false, true])
})

test('any header gives a role or none, never an exception', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => roleOf(header, all) === null))
})

test('a browser asks its user only where there is a login', () => {
  assert.equal(challengeOf({ ...all, login: null }), 'Bearer realm="pidpiper"')
  assert.equal(challengeOf(all), 'Basic realm="pidpiper", charset="UTF-8", Bearer realm="pidpiper"')
})
