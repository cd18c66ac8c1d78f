// shutdown and reload: they end or renew the daemon, so the shell asks first.
import { systemCode } from '../../../domain/errors.ts'
import { fault, isFault, RpcFault } from './faults.ts'
import { exit } from './result-texts.ts'
import type { Session } from './session.ts'
import { noArguments } from './status.ts'

/** Ends the daemon. supervisord: supervisorctl.do_shutdown. */
export async function shutdown(session: Session, argument: string): Promise<void> {
  if (argument !== '') {
    noArguments(session, 'shutdown')
    return
  }
  if (!(await confirmed(session, 'Really shut the remote supervisord process down y/N? '))) return
  try {
    await session.call('shutdown')
    session.say('Shut down')
  } catch (error) {
    if (isFault(error, fault.SHUTDOWN_STATE)) {
      session.say('ERROR: already shutting down')
      return
    }
    session.exitStatus = exit.generic
    const reason = error instanceof RpcFault ? undefined : away.get(systemCode(error) ?? '')
    if (reason === undefined) throw error
    session.fail(`ERROR: ${session.target.serverurl} ${reason} (already shut down?)`, exit.generic)
  }
}

const away = new Map([
  ['ECONNREFUSED', 'refused connection'],
  ['ENOENT', 'no such file'],
])

/** Begins the daemon anew. supervisord: supervisorctl.do_reload. */
export async function reload(session: Session, argument: string): Promise<void> {
  if (argument !== '') {
    noArguments(session, 'reload')
    return
  }
  if (!(await confirmed(session, 'Really restart the remote supervisord process y/N? '))) return
  try {
    await session.call('restart')
    session.say('Restarted supervisord')
  } catch (error) {
    session.exitStatus = exit.generic
    if (!isFault(error, fault.SHUTDOWN_STATE)) throw error
    session.fail('ERROR: already shutting down', exit.generic)
  }
}

const confirmed = async (session: Session, question: string): Promise<boolean> =>
  !session.interactive || ((await session.terminal.ask(question)) ?? '').toLowerCase().startsWith('y')
