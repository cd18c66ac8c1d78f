import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/config.ts'
import type { FileKind, Machine } from '../../src/config/machine.ts'
import { thisMachine } from '../../src/config/machine.ts'
import { programFault } from '../../src/config/program-file.ts'
import { fakeMachine, least } from './fake-machine.ts'

/** A machine with /bin/cat, /bin/sh, /usr/bin/env and a loader, on which /app begins with `head`. */
function machineWith(head: Buffer | string | null, arch = 'x64'): Machine {
  const program: { kind: FileKind } = { kind: 'program' }
  const files = { '/app': program, '/bin/sh': program, '/usr/bin/env': program, '/lib64/ld.so': program }
  return { ...fakeMachine(files), arch, head: () => (head === null ? null : Buffer.from(head)) }
}

const fault = (head: Buffer | string | null, arch?: string): string | null =>
  programFault('/app', '/usr/bin:/bin', machineWith(head, arch))

/** A 64-bit program of elf(5) with one header: the loader's name. */
function elf(machine: number, loader: string): Buffer {
  const bytes = Buffer.alloc(200)
  bytes.write('\x7fELF\x02\x01\x01', 'latin1')
  bytes.writeUInt16LE(machine, 18)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.writeUInt16LE(56, 54)
  bytes.writeUInt16LE(1, 56)
  bytes.writeUInt32LE(3, 64)
  bytes.writeBigUInt64LE(120n, 72)
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 96)
  bytes.write(loader, 120)
  return bytes
}

for (const [what, head, arch, expected] of [
  ['a script of an interpreter that is there', '#!/bin/sh -e\n', 'x64', null],
  ['a script without a first line of its own', 'echo hi\n', 'x64', null],
  ['what cannot be read', null, 'x64', null],
  ['a script of a word in PATH', '#!/usr/bin/env sh\n', 'x64', null],
  ['a program for several systems', 'MZqFpD=', 'x64', null],
  ['env with options', '#!/usr/bin/env -S nothing -u\n', 'x64', null],
  ['a program of this machine', elf(62, '/lib64/ld.so'), 'x64', null],
  ['a program of an older machine', elf(3, '/lib64/ld.so'), 'x64', null],
  ['a short program', '\x7fELF', 'x64', null],
  ['an empty file', '', 'x64', 'is an empty file'],
  [
    'a missing interpreter',
    '#!/opt/py/bin/python\nx',
    'x64',
    'asks for /opt/py/bin/python in its first line, which is no program here: install it, or name another',
  ],
  [
    'a word that is not in PATH',
    '#! /usr/bin/env python9\n',
    'x64',
    'asks for python9 in its first line, which is not in PATH: install it, or name another',
  ],
  [
    'line ends of Windows',
    '#!/bin/sh\r\necho\r\n',
    'x64',
    'has the line ends of Windows, and cannot start with them: sed -i "s/\\r$//" mends it',
  ],
  [
    'a program of another machine',
    elf(62, '/lib64/ld.so'),
    'arm64',
    'is a program for x64, and this machine is arm64: without an emulator it cannot start',
  ],
  [
    'a program of another C library',
    elf(62, '/lib/ld-musl-x86_64.so.1'),
    'x64',
    'asks for the loader /lib/ld-musl-x86_64.so.1, which is not here: it was built for another distribution (glibc, musl)',
  ],
  ['a program of macOS', Buffer.from('cffaedfe07', 'hex'), 'arm64', 'is a program for macOS: build it for Linux'],
] as const) {
  test(`the Calculator's file: ${what}`, () => assert.equal(fault(head, arch), expected))
}

test('whatever a file begins with, something is said or nothing, and nothing is raised', () => {
  for (let length = 0; length < 200; length++) fault(elf(62, '/lib/ld-musl').subarray(0, length))
  const wild = elf(62, '/lib/ld-musl')
  wild.writeBigUInt64LE(2n ** 64n - 1n, 32)
  assert.equal(fault(wild), null)
  wild.writeBigUInt64LE(64n, 32)
  wild.writeUInt16LE(0, 54)
  wild.writeUInt16LE(65_535, 56)
  assert.equal(fault(wild), null)
})

test('without PATH a word is looked for where exec looks', () => {
  assert.equal(programFault('/app', undefined, machineWith('#!/usr/bin/env sh\n')), null)
})

test('the program of this very process would start', () => {
  assert.equal(programFault(process.execPath, process.env['PATH'] ?? '', thisMachine), null)
})

test('it is a warning: an emulator may start what this machine cannot', () => {
  const machine = machineWith('')
  const { problems, warnings } = loadConfig({ environment: { ...least, PROGRAM: '/app' }, flags: {}, machine })
  assert.deepEqual([problems, warnings], [[], ['PROGRAM=/app is an empty file']])
  const named = loadConfig({ environment: { ...least, PATH: '/bin' }, flags: { bin: 'cat' }, machine })
  assert.deepEqual(named.warnings, ['--bin=cat is an empty file'])
})
