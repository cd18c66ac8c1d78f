import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { KvAnswer } from '../../src/consul/kv-answer.ts'
import { RunDocumentWatch, type WatchOptions } from '../../src/consul/watch.ts'
import { systemClock } from '../../src/os/clock.ts'
import type { DocumentNews } from '../../src/engine/document/document-control.ts'
import {
  clientOf,
  consulAt,
  deleteKey,
  putKey,
  sharedConsul,
  startOwnConsul,
  unique,
  type TestConsul,
} from '../support/consul.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { waitFor } from '../support/wait-for.ts'
import { needsConsul } from '../testbed/address.ts'

interface Watching {
  readonly watch: RunDocumentWatch
  readonly news: DocumentNews[]
  /** Resolves with the next news from now on that fit. */
  readonly until: (fits: (news: DocumentNews) => boolean) => Promise<DocumentNews>
}

type Watched = Omit<WatchOptions, 'clock' | 'onNews'> & Partial<Pick<WatchOptions, 'clock'>>

function watching(t: TestContext, options: Watched): Watching {
  const news: DocumentNews[] = []
  let looked = 0
  const watch = new RunDocumentWatch({ clock: systemClock, ...options, onNews: (one) => news.push(one) })
  t.after(() => watch.close())
  watch.start()
  const until = (fits: (one: DocumentNews) => boolean): Promise<DocumentNews> =>
    waitFor(
      'the news',
      () => {
        while (looked < news.length) {
          const one = news[looked++]
          if (one !== undefined && fits(one)) return one
        }
        return undefined
      },
      { timeout: 60_000, every: 5 },
    )
  return { watch, news, until }
}

const watchKey = (t: TestContext, consul: TestConsul, key: string, resync = 30_000): Watching =>
  watching(t, { client: clientOf(t, consul), key, resync })

const isText = (text: string) => (news: DocumentNews) => news.kind === 'document' && news.text === text

test('a missing key, its appearance, its changes and its end are told, each once', needsConsul, async (t) => {
  const consul = sharedConsul()
  const key = unique('test/watch')
  t.after(() => deleteKey(consul, key))
  const { news, until } = watchKey(t, consul, key)
  await until(({ kind }) => kind === 'missing')
  await putKey(consul, key, 'one')
  await until(isText('one'))
  await putKey(consul, `${key}/below`, 'reserved')
  t.after(() => deleteKey(consul, `${key}/below`))
  await putKey(consul, key, 'one')
  await putKey(consul, key, 'two')
  await until(isText('two'))
  await deleteKey(consul, key)
  await until(({ kind }) => kind === 'missing')
  assert.deepEqual(
    news.map((one) => (one.kind === 'document' ? one.text : one.kind)),
    ['missing', 'one', 'two', 'missing'],
  )
})

test('refresh reads at once and tells what has not changed', needsConsul, async (t) => {
  const consul = sharedConsul()
  const key = unique('test/watch')
  t.after(() => deleteKey(consul, key))
  await putKey(consul, key, 'same')
  const { watch, until, news } = watchKey(t, consul, key)
  await until(isText('same'))
  watch.refresh()
  await until(isText('same'))
  assert.equal(news.length, 2)
})

test('a new value is seen soon after the return of a Consul agent that lost everything', needsConsul, async (t) => {
  const consul = await startOwnConsul(t)
  const key = unique('test/watch')
  // Other writes raise the index that is lost: the old one would block for its whole wait.
  for (let write = 0; write < 20; write++) await putKey(consul, `other/${write}`, 'x')
  await putKey(consul, key, 'old')
  const { until } = watchKey(t, consul, key)
  await until(isText('old'))
  await consul.kill()
  const gone = await until(({ kind }) => kind === 'unreachable')
  assert.match(gone.kind === 'unreachable' ? gone.reason : '', /connection (refused|broken)/)
  await consul.start()
  await putKey(consul, key, 'new')
  await until(isText('new'))
  await putKey(consul, key, 'newer')
  await until(isText('newer'))
})

test('a token that Consul does not know is told as the reason', needsConsul, async (t) => {
  const consul = await startOwnConsul(t, { acl: 'e9f1b1a2-0000-4000-8000-000000000000' })
  const { until } = watchKey(t, consulAt(consul.base, 'n0t-kn0wn'), 'dir/node')
  const news = await until(({ kind }) => kind === 'unreachable')
  assert.match(news.kind === 'unreachable' ? news.reason : '', /403 .*key:read on "dir\/node"/)
  assert.doesNotMatch(JSON.stringify(news), /n0t-kn0wn/)
})

test('close ends a query that is under way at once', async (t) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { watch, news } = watchKey(t, consulAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), 'k')
  await waitFor('a query', () => sockets.length > 0)
  const ended = Promise.all(sockets.map((socket) => once(socket.resume(), 'close')))
  watch.close()
  await ended
  assert.deepEqual(news, [])
})

// ---- against a scripted Consul -----------------------------------------------------------------------------------------

interface Query {
  readonly index: number | null
  readonly wait: number | null
}

/** Answers one query after the other from the script; the last one hangs until it is aborted. */
function scripted(answers: readonly (KvAnswer | Error)[]): { client: WatchOptions['client']; queries: Query[] } {
  const queries: Query[] = []
  const answer = async (query: Query, signal: AbortSignal | undefined): Promise<KvAnswer> => {
    const next = answers[queries.push(query) - 1]
    if (next === undefined && signal !== undefined) await once(signal, 'abort')
    if (next === undefined || next instanceof Error) throw next ?? new Error('aborted')
    return next
  }
  const client: WatchOptions['client'] = {
    read: (_key, options) => answer({ index: null, wait: null }, options?.signal),
    block: (_key, index, wait, signal) => answer({ index, wait }, signal),
  }
  return { client, queries }
}

const at = (index: number, text = 'x'): KvAnswer => ({ index, entry: { text, modifyIndex: 5 } })

async function queriesFor(t: TestContext, answers: readonly (KvAnswer | Error)[], resync = 600_000): Promise<Query[]> {
  const { client, queries } = scripted(answers)
  const clock = new FakeClock()
  watching(t, { client, clock, key: 'k', resync })
  const asked = async (): Promise<boolean> => {
    await clock.advance(50)
    return queries.length === answers.length + 1
  }
  await waitFor('all queries', asked, { every: 1 })
  return queries
}

test('the index begins anew after an error, and when it goes backwards', async (t) => {
  const queries = await queriesFor(t, [at(40), at(50), at(7), at(7), new Error('broken'), at(0), at(1)])
  assert.deepEqual(
    queries.map(({ index }) => index),
    [null, 40, 50, null, 7, null, 1, 1],
  )
})

test('a blocking query waits 55 s at most, and never beyond the next full read', async (t) => {
  const long = await queriesFor(t, [at(1)])
  assert.equal(long[1]?.wait, 55_000)
  const short = await queriesFor(t, [at(1)], 30_000)
  assert.equal(short[1]?.wait, 29_950, '50 ms after the first')
  const full = await queriesFor(t, [at(1), at(1), at(1)], 120)
  assert.equal(
    full.slice(2).some(({ index }) => index === null),
    true,
  )
})

test('answers that come at once, again and again, are not asked for in a busy loop', async (t) => {
  const clock = new FakeClock()
  const { client, queries } = scripted(Array.from({ length: 1000 }, () => at(9)))
  const { news } = watching(t, { client, clock, key: 'k', resync: 600_000 })
  await clock.advance(999)
  assert.equal(queries.length, 20, 'one each 50 ms')
  assert.equal(news.length, 1)
})

test('an error that stays is told once and asked about with growing pauses, of less than a second', async (t) => {
  const clock = new FakeClock()
  const { client, queries } = scripted(Array.from({ length: 1000 }, () => new Error('no leader')))
  const { news } = watching(t, { client, clock, key: 'k', resync: 600_000 })
  for (const [after, pause] of [0, 100, 200, 400, 800, 800, 800].entries()) {
    await clock.advance(pause)
    assert.equal(queries.length, after + 1)
  }
  assert.deepEqual(news, [{ kind: 'unreachable', reason: 'no leader' }])
})
