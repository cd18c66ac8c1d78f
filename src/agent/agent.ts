import type { Config } from '../config/config.ts'
import type { Machine } from '../config/machine.ts'
import type { Environment } from '../config/read.ts'
import { Adoption } from '../engine/document/adoption.ts'
import { AgentModel } from '../engine/agent-model.ts'
import { CrashLoopHold } from '../engine/supervision/crash-loop-hold.ts'
import { DocumentControl } from '../engine/document/document-control.ts'
import { EventRing } from '../engine/event-ring.ts'
import type { Clock, Spawner } from '../engine/ports.ts'
import { Supervisor } from '../engine/supervision/supervisor.ts'
import type { Daemon } from '../faces/supervisord/daemon.ts'
import { HttpFace } from '../http/server.ts'
import type { Log } from '../log.ts'
import { loopLag } from '../os/loop-lag.ts'
import { groupMemory } from '../os/memory-use.ts'
import type { AgentSignal } from '../os/signals.ts'
import { version } from '../version.ts'
import { calculatorVerdict, unlessBroken, type CalculatorVerdict } from './calculator-verdict.ts'
import { ConsulTies } from './consul.ts'
import { beginControl } from './control/begin.ts'
import type { Control } from './control/control.ts'
import { Credentials } from './credentials.ts'
import { Ending } from './ending.ts'
import { lastGoodIn } from './last-good.ts'
import { LastWords } from './last-words.ts'
import { leaveStreams } from './leaving.ts'
import { obstacleFor } from './obstacle.ts'
import { calculatorProgram } from './program.ts'
import { Sides } from './sides.ts'
import { workerStream, type WorkerStreamParts } from './worker-stream.ts'

export interface AgentPorts {
  readonly clock: Clock
  readonly spawner: Spawner
  readonly log: Log
  /** Where the configuration was read from, and what is in files is read again. */
  readonly environment: Environment
  readonly machine: Machine
  /** Where other programs run beside the Calculator: what they share with it. */
  readonly shared?: {
    readonly events: EventRing
    readonly supervisor: Supervisor
    /** The daemon of now. */
    readonly daemon: () => Daemon | null
  }
}

/** The composition root: the one place that says `new`, and the order in which everything starts and ends. */
export class Agent {
  readonly #config: Config
  readonly #ports: AgentPorts
  readonly #events: EventRing
  readonly #supervisor: Supervisor
  readonly #credentials: Credentials
  readonly #sides: Sides
  readonly #adoption: Adoption
  readonly #documents: DocumentControl
  readonly #hold: CrashLoopHold
  readonly #model: AgentModel
  readonly #http: HttpFace | null
  readonly #loopLag = loopLag()
  readonly #lastWords: LastWords
  readonly #ending: Ending
  readonly #hurry = Promise.withResolvers<undefined>()
  readonly #stopWaiting = new AbortController()
  #consul: ConsulTies | null = null
  #control: Control | null = null

  constructor(config: Config, ports: AgentPorts) {
    const { clock, spawner, log } = ports
    this.#config = config
    this.#ports = ports
    const ending = (this.#ending = new Ending(log))
    const events = (this.#events = ports.shared?.events ?? new EventRing(clock))
    const supervisor = (this.#supervisor = ports.shared?.supervisor ?? new Supervisor({ clock, spawner, events }))
    const credentials = (this.#credentials = new Credentials({
      ...ports,
      first: config,
      events,
      hide: (secrets) => log.hide(secrets),
      consulChanged: (values) => {
        if (values) this.#consul?.renew(values)
      },
    }))
    const stderrTail = (): readonly string[] => adoption.namespecs.flatMap((name) => spawner.stderrTail(name))
    const lastWords = (this.#lastWords = new LastWords({ clock, log, config, stderrTail }))
    const failed = (error: unknown): void => ending.fail(error)
    const sides = (this.#sides = new Sides(config, clock, log, () => credentials.kafka(), failed))
    const streamParts: WorkerStreamParts = {
      ...{ config, clock, events, spawner, supervisor, log },
      attempts: () => (adoption.settings ?? config.streams).deadLetterAttempts,
      crashed: (box) => lastWords.crashed(box),
      failed: (error) => {
        failed(error)
        // What a broken stream has in work cannot be settled any more.
        this.#hurry.resolve(undefined)
      },
    }
    const adoption: Adoption = (this.#adoption = new Adoption({
      ...{ clock, events, supervisor },
      adoptionGraceMs: config.adoptionGraceMs,
      replayable: config.input.kind === 'kafka',
      dealing: config.rules.dealing,
      failed,
      program: (settings, worker) => calculatorProgram(config, settings, worker, this.#documents.askedVersion),
      sides: (settings, old, changed) => sides.for(settings, old, changed),
      proxy: (first, worker, workers) => workerStream(streamParts, first, worker, workers),
    }))
    const documents = (this.#documents = new DocumentControl({
      ...{ clock, events, adoption },
      key: config.consul?.documentKey ?? null,
      base: config.streams,
      allow: new Set(config.runDocumentAllow),
      obstacle: obstacleFor(config),
      lastGood: config.stateDir === null ? null : lastGoodIn(config.stateDir, events),
      waitMs: config.consul?.waitMs ?? null,
      proven: () => this.#judge(),
      failed,
    }))
    this.#hold = new CrashLoopHold({
      clock,
      events,
      processes: () => adoption.namespecs.flatMap((name) => supervisor.snapshot(name) ?? []),
      isChanging: () => adoption.adopting,
      stream: () => adoption.workers,
    })
    this.#model = new AgentModel({
      ...{ clock, events, version },
      ...{ platformVersion: config.platformVersion, nodeId: config.nodeId, instanceId: config.instanceId },
      processes: () => supervisor.snapshots(),
      streams: () => adoption.workers?.snapshots() ?? [],
      document: () => documents.snapshot(),
      waitingFor: () => documents.waitingFor,
      adopting: () => adoption.adopting,
      loopLag: () => this.#loopLag.read(),
      consulAnswerAge: () => this.#consul?.answerAge ?? null,
    })
    this.#http =
      config.http === null
        ? null
        : new HttpFace({
            model: this.#model,
            listen: config.http,
            control: () => this.#control?.overHttp ?? null,
            memoryOf: groupMemory,
            failed: (error, path) => log.line('error', 'cannot answer', { event: 'http.failed', path, err: error }),
          })
  }

  /**
   * Runs until a signal, the Calculator, or a service that is needed ends it; then leaves in order.
   * @returns the exit code
   */
  async run(): Promise<number> {
    const unfollow = this.#ports.log.follow(this.#model)
    try {
      if (this.#ending.isBegun) this.#events.publish('agent.signal', 'info', 'a signal came while starting')
      else await this.#begin()
    } catch (error) {
      this.#ending.fail(error)
    }
    await this.#ending.begun
    await this.#leave()
    const { code, reason } = await this.#ending.outcome()
    if (reason !== null) this.#lastWords.write(reason)
    unfollow()
    return code
  }

  /** TERM and INT drain, a second one and QUIT hurry, HUP reads secrets and the run document again, USR1 dumps the state.
   * USR2 means something to supervisord alone; as its default it would end the agent undrained. */
  signal(name: AgentSignal): void {
    this.#events.publish('agent.signal', 'info', `received ${name}`, { signal: name })
    if (name === 'SIGHUP') {
      this.#credentials.look()
      this.#consul?.refresh()
    } else if (name === 'SIGUSR1') {
      this.#ports.log.line('info', 'state', { event: 'agent.state', ...this.#model.snapshot() })
    } else if (name !== 'SIGUSR2') {
      if (name === 'SIGQUIT' || this.#ending.isBegun) this.#hurry.resolve(undefined)
      this.#ending.begin({ code: 0, reason: null })
    }
  }

  /** A bug was met: leave in order, with this exit code. */
  fail(code: number): void {
    this.#ending.failWith({ code, reason: 'pidpiper met a bug of its own and left: the log has it' })
  }

  async #begin(): Promise<void> {
    const { clock, log } = this.#ports
    const config = this.#config
    this.#control = await beginControl({
      ...{ config, clock, log, model: this.#model, events: this.#events },
      supervisor: this.#supervisor,
      isLeaving: () => this.#ending.isBegun,
      shutdown: () => this.signal('SIGTERM'),
      reload: () => this.signal('SIGHUP'),
      daemon: this.#ports.shared?.daemon,
    })
    const port = (await this.#http?.listen()) ?? null
    this.#events.publish('agent.started', 'info', `pidpiper ${version}`, { version, port, nodeId: config.nodeId })
    this.#events.subscribe(({ event, fields }) => {
      if (!event.startsWith('process.') || !this.#adoption.namespecs.includes(String(fields['process']))) return
      queueMicrotask(() => {
        this.#judge()
        this.#hold.look()
      })
    })
    if (config.kafka?.waitMs != null) void this.#needBroker(config.kafka.waitMs)
    this.#credentials.start()
    this.#documents.start()
    if (config.consul) {
      this.#consul = await ConsulTies.begin(
        {
          config,
          clock,
          events: this.#events,
          model: this.#model,
          news: (news) => {
            if (!this.#ending.isBegun) this.#documents.news(news)
          },
        },
        config.consul,
        port,
      )
    }
  }

  async #needBroker(waitMs: number): Promise<void> {
    try {
      await this.#sides.aBroker(waitMs, this.#stopWaiting.signal)
    } catch (error) {
      if (!this.#ending.isBegun) this.#ending.fail(error)
    }
  }

  /** Whether what became of a Calculator ends the agent too. */
  #judge(): void {
    for (const name of this.#adoption.namespecs) {
      if (this.#ending.isBegun || this.#documents.onProbation) return
      const process = this.#supervisor.snapshot(name)
      if (process?.state === 'RUNNING') this.#lastWords.retract()
      const verdict = process ? calculatorVerdict(name, process, this.#config) : null
      const { workers } = this.#adoption
      if (verdict?.isLast === true)
        void workers?.finished().then(() => this.#obey(unlessBroken(verdict, name, workers.fault)))
      else if (verdict) this.#obey(verdict)
    }
  }

  #obey({ code, reason }: CalculatorVerdict): void {
    if (code !== null) this.#ending.begin({ code, reason })
    else if (reason !== null) this.#lastWords.write(reason)
  }

  async #leave(): Promise<void> {
    this.#model.leaving('draining')
    this.#events.publish('agent.draining', 'info', 'the agent is leaving')
    this.#stopWaiting.abort()
    this.#consul?.unfollow()
    this.#documents.stop()
    this.#hold.stop()
    await leaveStreams({
      clock: this.#ports.clock,
      adoption: this.#adoption,
      stop: () => (this.#ports.shared ? this.#supervisor.halt(this.#adoption.namespecs) : this.#supervisor.stopAll()),
      adoptionGraceMs: this.#config.adoptionGraceMs,
      hurry: this.#hurry.promise,
      deregister: async () => this.#consul?.end(),
      failed: (error) => this.#ending.fail(error),
    })
    this.#credentials.stop()
    this.#model.leaving('stopped')
    this.#events.publish('agent.stopped', 'info', 'the agent has left')
    await Promise.all([this.#control?.close(), this.#http?.close()])
    this.#loopLag.close()
  }
}
