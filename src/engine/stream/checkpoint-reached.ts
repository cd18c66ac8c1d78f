// What a checkpoint of relay brings about.
import type { Millis } from '../../domain/time.ts'
import type { Position } from './partition-book.ts'
import type { StreamWorks } from './stream-works.ts'
import type { Transacting } from './transacting.ts'

/** The Calculator has finished everything in the claim. Resolves when it is settled, or comes to nothing. */
export async function checkpointReached(
  works: StreamWorks,
  transacting: Transacting | null,
  claim: readonly Position[],
  quality: 'proven' | 'assumed',
  began: Millis,
): Promise<void> {
  if (!transacting) {
    await settle(works, claim, quality, began)
  } else if (quality === 'proven') {
    // What is said about records that are fed from now on is not to be in the transaction.
    works.feeder.hold('commit')
    await settle(works, claim, quality, began).finally(() => works.feeder.letGo('commit'))
  } else {
    works.report.checkpoint(quality)
    if (claim.length > 0) transacting.unproven()
  }
}

async function settle(
  works: StreamWorks,
  claim: readonly Position[],
  quality: 'proven' | 'assumed',
  began: Millis,
): Promise<void> {
  const { lane, pump, report, sides, answering, settling } = works
  const { clock } = works.parts
  const given = lane?.given.claim() ?? []
  const passed = lane?.sinceCheckpoint() ?? null
  if (!(await pump.flushed())) return
  report.checkpoint(quality)
  if (passed && sides.protocol === 'relay') report.observed(passed)
  if (lane && claim.length > 0) answering.progressed(lane)
  for (const { topic, partition, offset } of claim) lane?.handed.settle(topic, partition, offset)
  await settling.settle(claim)
  report.settled(given, clock.wall())
  report.durations.checkpoint.observe(clock.now() - began, 1)
}
