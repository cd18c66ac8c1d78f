import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/config.ts'
import { fakeMachine, least } from './fake-machine.ts'

const load = (environment: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) =>
  loadConfig({ environment: { ...least, ...environment }, flags: {}, machine: fakeMachine(files) })

const problems = (environment: Readonly<Record<string, string>>): string[] =>
  load(environment).problems.map(({ name, expected }) => `${name} ${expected}`)

test('unset: the default socket, and nobody over HTTP', () => {
  assert.deepEqual(load({}).config?.control, { socket: 'default', token: null, readToken: null, login: null })
  assert.equal(load({ CONTROL_SOCKET: 'OFF' }).config?.control.socket, null)
  assert.deepEqual(load({ CONTROL_SOCKET: '/x/y.sock' }).config?.control.socket, { path: '/x/y.sock' })
})

test('tokens and the password come from files, too', () => {
  const files = { '/t': 'operator-token-1\n', '/r': 'reader-token-1234\n', '/p': 'pass' }
  const named = {
    CONTROL_TOKEN_FILE: '/t',
    CONTROL_READ_TOKEN_FILE: '/r',
    CONTROL_USER: 'me',
    CONTROL_PASSWORD_FILE: '/p',
  }
  const { config, warnings } = load(named, files)
  assert.deepEqual(config?.control, {
    socket: 'default',
    token: 'operator-token-1',
    readToken: 'reader-token-1234',
    login: { user: 'me', password: 'pass' },
  })
  assert.deepEqual(warnings, [])
})

test('what could let somebody in by mistake is a problem', () => {
  const token = 'operator-token-1'
  assert.deepEqual(problems({ CONTROL_USER: 'me' }), [
    'CONTROL_PASSWORD is needed: CONTROL_USER and CONTROL_PASSWORD go together',
  ])
  assert.deepEqual(problems({ CONTROL_PASSWORD: 'x' }), [
    'CONTROL_USER is needed: CONTROL_USER and CONTROL_PASSWORD go together',
  ])
  assert.match(problems({ CONTROL_TOKEN: token, CONTROL_READ_TOKEN: token }).join(), /CONTROL_READ_TOKEN should differ/)
  assert.match(problems({ CONTROL_TOKEN: 'two words of a token' }).join(), /CONTROL_TOKEN should be printable ASCII/)
  assert.match(problems({ CONTROL_USER: 'a:b', CONTROL_PASSWORD: 'x' }).join(), /CONTROL_USER should have no colon/)
  assert.match(problems({ CONTROL_SOCKET: 'here.sock' }).join(), /CONTROL_SOCKET should be an absolute path or off/)
})

test('what will be of no use, or of little, is a warning', () => {
  assert.match(load({ CONTROL_TOKEN: 'short' }).warnings.join(), /CONTROL_TOKEN has fewer than 16 characters/)
  assert.match(load({ CONTROL_TOKEN: 'operator-token-1', HTTP_LISTEN: 'off' }).warnings.join(), /HTTP_LISTEN is off/)
})
