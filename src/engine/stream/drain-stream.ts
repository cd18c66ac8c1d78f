import type { Millis } from '../../domain/time.ts'
import type { StreamWorks } from './stream-works.ts'

/**
 * Waits, at most `limit` and until `gone` is aborted, until everything handed over is settled and committed. `goesOn`: more
 * records follow, so that an input that is read once is not ended to get a batch answered.
 */
export async function drainStream(
  works: StreamWorks,
  limit: Millis,
  goesOn: boolean,
  gone?: AbortSignal,
): Promise<void> {
  if (gone?.aborted === true) return
  const { checkpointer, settling } = works
  const { settles } = works.rules
  // Whoever waits here may go on before a checkpoint is seen: then nobody needs it.
  const ended = new AbortController()
  const over = AbortSignal.any(gone ? [gone, ended.signal] : [ended.signal])
  const until = works.parts.clock.now() + limit
  if (settles === 'checkpoint') void checkpointer.drain(until, over).then(() => settling.wake())
  const staysOpen = settles === 'exit' && goesOn && !works.parts.replayable
  if (settles === 'exit' && !staysOpen && (works.lane?.fedLines ?? 0) > 0) works.lane?.endInput()
  // A child that keeps lines back says the rest only when its input ends; one that closed it is never seen to be done.
  const isHopeless = (): boolean =>
    works.lane?.over !== false || staysOpen || (settles === 'checkpoint' && !works.lane.checkable)
  await settling.wait(limit, isHopeless, gone).finally(() => ended.abort())
}
