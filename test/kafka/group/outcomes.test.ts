import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scripted, type Told } from './scripted-coordinator.ts'

const all = ['t/0', 't/1']
const gained = ['+t/0', '+t/1']
const lost = [...gained, '!t/0', '!t/1', ...gained]

const [LOADING, NOT_AVAILABLE, NOT_COORDINATOR, ILLEGAL, INCONSISTENT, UNKNOWN, REBALANCE] = [
  14, 15, 16, 22, 23, 25, 27,
]
const [FORBIDDEN, FENCED] = [30, 82]

/** A heartbeat is answered with an error, and the member does what follows. */
const heartbeats: readonly {
  readonly error: Told
  readonly told: readonly string[]
  /** JoinGroup requests that follow: member id, generation of the claim, partitions claimed. */
  readonly joins: readonly string[]
}[] = [
  { error: REBALANCE, told: gained, joins: ['m1 2 t/0 t/1'] },
  { error: ILLEGAL, told: lost, joins: ['m1 -1 '] },
  { error: UNKNOWN, told: lost, joins: [' -1 ', 'm3 -1 '] },
  { error: FENCED, told: lost, joins: ['m1 -1 '] },
  { error: LOADING, told: gained, joins: [] },
  { error: NOT_AVAILABLE, told: gained, joins: [] },
  { error: NOT_COORDINATOR, told: gained, joins: [] },
  { error: FORBIDDEN, told: gained, joins: [] },
  { error: 'broken', told: gained, joins: [] },
]

for (const { error, told, joins } of heartbeats) {
  test(`a heartbeat answered with ${error}`, async (t) => {
    const { coordinator, clock, member, owner } = await scripted(t)
    const before = coordinator.of('JoinGroup').length
    coordinator.tell('Heartbeat', error)
    await clock.advance(3_000)
    assert.deepEqual(owner.told, told)
    assert.deepEqual(owner.owned, all)
    assert.deepEqual(
      coordinator
        .of('JoinGroup')
        .slice(before)
        .map(
          ({ memberId, generation, owned }) =>
            `${memberId} ${generation} ${owned.map((p) => `t/${p.partition}`).join(' ')}`,
        ),
      joins,
    )
    assert.equal(member.joined, true)
    assert.equal(member.problem, null)
  })
}

test('a coordinator that has moved is looked for', async (t) => {
  const { coordinator, clock } = await scripted(t)
  for (const error of [NOT_COORDINATOR, NOT_AVAILABLE, 'broken'] as const) {
    const before = coordinator.of('FindCoordinator').length
    coordinator.tell('Heartbeat', error)
    await clock.advance(3_000)
    assert.equal(coordinator.of('FindCoordinator').length, before + 1)
  }
})

/** JoinGroup or SyncGroup is answered with an error once: the round is made again. */
for (const [api, error, again] of [
  ['JoinGroup', REBALANCE, gained],
  ['JoinGroup', ILLEGAL, lost],
  ['JoinGroup', UNKNOWN, lost],
  ['JoinGroup', NOT_COORDINATOR, gained],
  ['JoinGroup', 'broken', gained],
  ['SyncGroup', REBALANCE, gained],
  ['SyncGroup', ILLEGAL, lost],
  ['SyncGroup', UNKNOWN, lost],
  ['SyncGroup', LOADING, gained],
  ['SyncGroup', 'broken', gained],
] as const) {
  test(`${api} answered with ${error}`, async (t) => {
    const { coordinator, clock, member, owner } = await scripted(t)
    coordinator.tell('Heartbeat', REBALANCE)
    coordinator.tell(api, error)
    await clock.advance(5_000)
    assert.deepEqual(owner.told, again)
    assert.deepEqual(owner.owned, all)
    assert.equal(member.joined, true)
    assert.equal(member.problem, null)
  })
}

for (const [error, text] of [
  [INCONSISTENT, /set GROUP_PROTOCOL=eager, or another KAFKA_CONSUMER_GROUP/],
  [FORBIDDEN, /grant the consumer group to this user/],
  [FENCED, /another process uses GROUP_INSTANCE_ID=i there: give each replica its own/],
  [26, /set KAFKA_SESSION_TIMEOUT to what the broker allows/],
] as const) {
  test(`a group that answers ${error} is told as a problem with its cure, and joined once that is over`, async (t) => {
    const { coordinator, clock, member, owner, lines } = await scripted(t, { groupInstanceId: 'i' })
    coordinator.tell('Heartbeat', UNKNOWN)
    coordinator.tell('JoinGroup', ...Array.from({ length: 6 }, () => error))
    await clock.advance(10_000)
    assert.match(member.problem ?? '', text)
    assert.equal(member.joined, false)
    assert.equal(lines.of('kafka.group').length, 1)
    // Not a storm: it backs off to 5 s.
    const asked = coordinator.of('JoinGroup').length
    assert.ok(asked < 12, `${asked} requests`)
    await clock.advance(20_000)
    assert.equal(member.problem, null)
    assert.deepEqual(owner.owned, all)
  })
}

test('a member that hears nothing for the session timeout has lost everything, and says who it was when it joins again', async (t) => {
  const { coordinator, clock, member, owner } = await scripted(t)
  coordinator.tell('Heartbeat', ...Array.from({ length: 12 }, () => 'broken' as const))
  coordinator.tell('JoinGroup', 'broken', 'broken')
  await clock.advance(8_900)
  assert.deepEqual(owner.told, gained)
  assert.match(member.problem ?? '', /no heartbeat reaches consumer group g: the connection was closed/)
  await clock.advance(1_200)
  assert.deepEqual(owner.told, [...gained, '!t/0', '!t/1'])
  assert.equal(member.joined, false)
  await assert.rejects(member.commit([{ topic: 't', partition: 0, offset: 1 }]), { code: 'FAILED' })
  await clock.advance(3_000)
  assert.deepEqual(owner.told, lost)
  assert.equal(coordinator.of('JoinGroup').at(-1)?.memberId, 'm1')
  assert.equal(member.problem, null)
})

test('a coordinator that is away for less than the session timeout is told, and nothing is lost', async (t) => {
  const { coordinator, clock, member, owner } = await scripted(t)
  coordinator.tell('Heartbeat', ...Array.from({ length: 5 }, () => 'broken' as const))
  await clock.advance(4_000)
  assert.notEqual(member.problem, null)
  await clock.advance(4_000)
  assert.equal(member.problem, null)
  assert.deepEqual(owner.told, gained)
})

test('a parked JoinGroup is no reason to lose anything: heartbeats go on beside it', async (t) => {
  const { coordinator, clock, owner } = await scripted(t)
  const parked = Promise.withResolvers<Told>()
  coordinator.tell('JoinGroup', parked.promise)
  coordinator.tell('Heartbeat', ...Array.from({ length: 30 }, () => REBALANCE))
  await clock.advance(30_000)
  assert.equal(coordinator.of('JoinGroup').length, 3)
  assert.deepEqual(owner.told, gained)
  // The coordinator has gone over to the next generation, and the answer that tells so is still on its way.
  coordinator.tell('Heartbeat', ILLEGAL, ILLEGAL)
  await clock.advance(2_000)
  assert.deepEqual(owner.told, gained)
  parked.resolve(0)
  await clock.advance(1_000)
  assert.deepEqual(owner.told, gained)
})

test('a commit between JoinGroup and SyncGroup waits, and goes with the new generation', async (t) => {
  const { coordinator, clock, member } = await scripted(t)
  const parked = Promise.withResolvers<Told>()
  coordinator.tell('Heartbeat', REBALANCE)
  coordinator.tell('SyncGroup', parked.promise)
  await clock.advance(2_000)
  const committed = member.commit([{ topic: 't', partition: 0, offset: 1 }])
  await clock.advance(1_000)
  assert.equal(coordinator.of('OffsetCommit').length, 0)
  parked.resolve(0)
  await clock.advance(100)
  await committed
  assert.deepEqual(
    coordinator.of('OffsetCommit').map(({ generation }) => generation),
    [3],
  )
})

test('a commit that crosses the end of its generation is made again in the next', async (t) => {
  const { coordinator, clock, member, owner } = await scripted(t)
  const parked = Promise.withResolvers<Told>()
  coordinator.tell('Heartbeat', REBALANCE)
  coordinator.tell('JoinGroup', parked.promise)
  coordinator.tell('OffsetCommit', ILLEGAL)
  await clock.advance(2_000)
  const committed = member.commit([{ topic: 't', partition: 0, offset: 1 }])
  await clock.advance(100)
  parked.resolve(0)
  await clock.advance(100)
  await committed
  assert.deepEqual(
    coordinator.of('OffsetCommit').map(({ generation }) => generation),
    [2, 3],
  )
  assert.deepEqual(owner.told, gained)
})

test('a commit of a generation that is over for us alone loses the membership, and is refused', async (t) => {
  for (const error of [ILLEGAL, UNKNOWN, FENCED]) {
    const { coordinator, clock, member, owner } = await scripted(t)
    coordinator.tell('OffsetCommit', error)
    const refused = assert.rejects(member.commit([{ topic: 't', partition: 0, offset: 1 }]), { code: 'FAILED' })
    await clock.advance(2_000)
    await refused
    assert.equal(coordinator.of('OffsetCommit').length, 1)
    assert.deepEqual(owner.told, lost)
  }
})

test('a commit is repeated while the coordinator is away, but neither for ever nor in a storm', async (t) => {
  const { coordinator, clock, member } = await scripted(t)
  coordinator.tell('OffsetCommit', 'broken', LOADING, NOT_COORDINATOR)
  const committed = member.commit([{ topic: 't', partition: 0, offset: 1 }])
  await clock.advance(1_000)
  await committed
  assert.equal(coordinator.of('OffsetCommit').length, 4)

  coordinator.tell('OffsetCommit', ...Array.from({ length: 100 }, () => LOADING))
  const refused = assert.rejects(member.commit([{ topic: 't', partition: 0, offset: 2 }]), { code: 'UNAVAILABLE' })
  await clock.advance(40_000)
  await refused
  assert.ok(coordinator.of('OffsetCommit').length < 30)
})

test('a commit that the coordinator refuses for good is refused at once', async (t) => {
  const { coordinator, clock, member, owner } = await scripted(t)
  for (const error of [FORBIDDEN, 12, 29]) {
    const before = coordinator.of('OffsetCommit').length
    coordinator.tell('OffsetCommit', error)
    const refused = assert.rejects(member.commit([{ topic: 't', partition: 0, offset: 1 }]), { code: 'FAILED' })
    await clock.advance(1_000)
    await refused
    assert.equal(coordinator.of('OffsetCommit').length, before + 1)
  }
  assert.deepEqual(owner.told, gained)
})

test('a position of a partition that was lost and came back is void', async (t) => {
  const { coordinator, clock, member, owner } = await scripted(t)
  const parked = Promise.withResolvers<Told>()
  coordinator.tell('OffsetCommit', parked.promise)
  const first = member.commit([{ topic: 't', partition: 0, offset: 1 }])
  const second = assert.rejects(member.commit([{ topic: 't', partition: 1, offset: 1 }]), { code: 'FAILED' })
  coordinator.tell('Heartbeat', ILLEGAL)
  await clock.advance(3_000)
  assert.deepEqual(owner.told, lost)
  parked.resolve(0)
  await first
  await second
  assert.equal(coordinator.of('OffsetCommit').length, 1)
})

test('a drain that takes too long ends in a loss: the rebalance does not wait for ever', async (t) => {
  const { coordinator, clock, owner, lines } = await scripted(t)
  owner.onRevoked = () => new Promise(() => undefined)
  coordinator.partitions = [0]
  coordinator.tell('Heartbeat', REBALANCE)
  await clock.advance(20_000)
  assert.deepEqual(owner.told, [...gained, '-t/1'])
  const beats = coordinator.of('Heartbeat').length
  await clock.advance(15_000)
  assert.deepEqual(owner.told, [...gained, '-t/1', '!t/1'])
  assert.equal(lines.of('kafka.revoke-unfinished').length, 1)
  assert.ok(coordinator.of('Heartbeat').length - beats >= 14)
  assert.deepEqual(coordinator.of('JoinGroup').at(-1)?.owned, [{ topic: 't', partition: 0 }])
})

test('a close ends every timer and leaves the group', async (t) => {
  const { coordinator, clock, member } = await scripted(t)
  const closed = member.close()
  await clock.advance(100)
  await closed
  assert.equal(coordinator.of('LeaveGroup').length, 1)
  assert.equal(clock.pending, 0)
})
