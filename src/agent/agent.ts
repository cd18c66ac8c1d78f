// The composition root: the one place that says `new`, and the order in which everything starts and ends.
import type { Config } from '../config/config.ts'
import type { Machine } from '../config/machine.ts'
import type { Environment } from '../config/read.ts'
import { AgentError } from '../domain/errors.ts'
import { namespec } from '../domain/process/spec.ts'
import { Adoption } from '../engine/adoption.ts'
import { AgentModel } from '../engine/agent-model.ts'
import { DocumentControl } from '../engine/document-control.ts'
import { EventRing } from '../engine/event-ring.ts'
import type { Clock, Spawner } from '../engine/ports.ts'
import { StreamProxy } from '../engine/stream-proxy.ts'
import { Supervisor } from '../engine/supervisor.ts'
import { HttpFace } from '../http/server.ts'
import { waitForBroker } from '../kafka/connect.ts'
import type { Log } from '../log.ts'
import { exitCodeOf } from '../os/exit-status.ts'
import { loopLag } from '../os/loop-lag.ts'
import { outOfMemoryKills } from '../os/out-of-memory.ts'
import type { AgentSignal } from '../os/signals.ts'
import { version } from '../version.ts'
import { ConsulTies } from './consul.ts'
import { Credentials } from './credentials.ts'
import { transactionClocks } from './exactly-once.ts'
import { lastGoodIn } from './last-good.ts'
import { leaveStreams } from './leaving.ts'
import { obstacleFor } from './obstacle.ts'
import { calculatorProgram, runsOnce } from './program.ts'
import { stdoutLog } from './stdout-log.ts'
import { Sides } from './sides.ts'

export interface AgentPorts {
  readonly clock: Clock
  readonly spawner: Spawner
  readonly log: Log
  /** Where the configuration was read from, and what is in files is read again. */
  readonly environment: Environment
  readonly machine: Machine
  /** Where other programs run beside the Calculator: what they share with it. */
  readonly shared?: { readonly events: EventRing; readonly supervisor: Supervisor }
}

/** A container's Calculator could not be started at all: the shell's code for it. */
const NOT_STARTED = 127

export class Agent {
  readonly #config: Config
  readonly #ports: AgentPorts
  readonly #events: EventRing
  readonly #supervisor: Supervisor
  readonly #credentials: Credentials
  readonly #sides: Sides
  readonly #adoption: Adoption
  readonly #documents: DocumentControl
  readonly #model: AgentModel
  readonly #http: HttpFace | null
  readonly #loopLag = loopLag()
  readonly #outcome = Promise.withResolvers<number>()
  readonly #hurry = Promise.withResolvers<undefined>()
  readonly #stopWaiting = new AbortController()
  #consul: ConsulTies | null = null
  #leaving = false

  constructor(config: Config, ports: AgentPorts) {
    const { clock, spawner, log } = ports
    this.#config = config
    this.#ports = ports
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
    const sides = (this.#sides = new Sides(config, clock, log.module('kafka'), () => credentials.kafka()))
    const adoption: Adoption = (this.#adoption = new Adoption({
      clock,
      events,
      supervisor,
      adoptionGraceMs: config.adoptionGraceMs,
      program: (settings) => calculatorProgram(config, settings, this.#documents.askedVersion),
      sides: (settings, old, changed) => sides.for(settings, old, changed),
      proxy: (first) =>
        new StreamProxy(
          {
            namespec: this.#namespec,
            clock,
            events,
            activity: (pid) => spawner.activity(pid),
            maxLine: config.limits.maxLine,
            bufferBytes: config.limits.bufferBytes,
            checkpointIntervalMs: config.limits.checkpointIntervalMs,
            adoptionGraceMs: config.adoptionGraceMs,
            newlines: config.rules.newlines,
            unwrap: config.rules.inputFormat === 'auto',
            envelope: config.rules.calculatorInput === 'dataframe',
            atMostOnce: config.rules.delivery === 'at-most-once',
            transactionLimitMs: transactionClocks(config)?.limitMs ?? null,
            attempts: (): number => (adoption.settings ?? config.streams).deadLetterAttempts,
            answerTimeoutMs: config.limits.answerTimeoutMs,
            stderrTail: () => spawner.stderrTail(this.#namespec),
            oomKills: outOfMemoryKills,
            logStdout: stdoutLog(log, this.#namespec),
            replayable: config.input.kind === 'kafka',
            progressed: () => supervisor.progressed(this.#namespec),
            broken: (pid) => spawner.kill(pid, 'SIGKILL', true),
            failed: (error) => this.#fail(error),
          },
          first,
        ),
    }))
    const documents = (this.#documents = new DocumentControl({
      clock,
      events,
      adoption,
      key: config.consul?.documentKey ?? null,
      base: config.streams,
      allow: new Set(config.runDocumentAllow),
      obstacle: obstacleFor(config),
      lastGood: config.stateDir === null ? null : lastGoodIn(config.stateDir, events),
      waitMs: config.consul?.waitMs ?? null,
      proven: () => this.#judge(),
      failed: (error) => this.#fail(error),
    }))
    this.#model = new AgentModel({
      clock,
      events,
      version,
      platformVersion: config.platformVersion,
      nodeId: config.nodeId,
      instanceId: config.instanceId,
      processes: () => supervisor.snapshots(),
      streams: () => (adoption.proxy ? [adoption.proxy.snapshot()] : []),
      document: () => documents.snapshot(),
      waitingFor: () => documents.waitingFor,
      adopting: () => adoption.adopting,
      loopLag: () => this.#loopLag.read(),
    })
    this.#http =
      config.http === null
        ? null
        : new HttpFace({
            model: this.#model,
            listen: config.http,
            failed: (error, path) => log.line('error', 'cannot answer', { event: 'http.failed', path, err: error }),
          })
  }

  get #namespec(): string {
    return namespec(calculatorProgram(this.#config, this.#config.streams, null))
  }

  /**
   * Runs until a signal, the Calculator, or a service that is needed ends it; then leaves in order.
   * @returns the exit code
   */
  async run(): Promise<number> {
    const { log } = this.#ports
    const unfollow = log.follow(this.#model)
    try {
      await this.#begin()
    } catch (error) {
      this.#fail(error)
    }
    const code = await this.#outcome.promise
    await this.#leave()
    unfollow()
    return code
  }

  /** TERM and INT drain, a second one and QUIT hurry, HUP reads secrets and the run document again, USR1 dumps the state. */
  signal(name: AgentSignal): void {
    this.#events.publish('agent.signal', 'info', `received ${name}`, { signal: name })
    if (name === 'SIGHUP') {
      this.#credentials.look()
      this.#consul?.refresh()
    } else if (name === 'SIGUSR1')
      this.#ports.log.line('info', 'state', { event: 'agent.state', ...this.#model.snapshot() })
    else {
      if (name === 'SIGQUIT' || this.#leaving) this.#hurry.resolve(undefined)
      this.#end(0)
    }
  }

  /** A bug was met: leave in order, with this exit code. */
  fail(code: number): void {
    this.#end(code)
  }

  async #begin(): Promise<void> {
    const { config, clock } = { config: this.#config, clock: this.#ports.clock }
    const port = (await this.#http?.listen()) ?? null
    this.#events.publish('agent.started', 'info', `pidpiper ${version}`, { version, port, nodeId: config.nodeId })
    this.#events.subscribe(({ event, fields }) => {
      if (event.startsWith('process.') && fields['process'] === this.#namespec) queueMicrotask(() => this.#judge())
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
            if (!this.#leaving) this.#documents.news(news)
          },
        },
        config.consul,
        port,
      )
    }
  }

  async #needBroker(waitMs: number): Promise<void> {
    const { clock, log } = this.#ports
    try {
      await waitForBroker({
        cluster: this.#sides.cluster(),
        brokers: this.#config.kafka?.brokers ?? [],
        clock,
        waitMs,
        onProblem: log.module('kafka'),
        signal: this.#stopWaiting.signal,
      })
    } catch (error) {
      if (!this.#leaving) this.#fail(error)
    }
  }

  /** Whether what became of the Calculator ends the agent too. */
  #judge(): void {
    if (this.#leaving || this.#adoption.namespec === null || this.#documents.onProbation) return
    const { state, exit = null } = this.#supervisor.snapshot(this.#namespec) ?? {}
    const code = exit === null ? NOT_STARTED : exitCodeOf({ code: exit.code, signal: exit.signal as never })
    if (state === 'FATAL' && this.#config.calculator.exitOn !== 'never') this.#end(code || 1)
    else if (state === 'FATAL' && runsOnce(this.#config)) this.#end(code || NOT_STARTED)
    else if (state === 'EXITED' && runsOnce(this.#config))
      void this.#adoption.proxy?.finished.then(() => this.#end(code))
  }

  #fail(error: unknown): void {
    if (this.#leaving && error instanceof AgentError && error.code === 'SHUTDOWN_STATE') return
    const unavailable = error instanceof AgentError && error.code === 'UNAVAILABLE'
    const subject = error instanceof AgentError ? error.subject : String(error)
    this.#ports.log.line('fatal', subject, { event: 'agent.failed', err: error })
    this.#end(unavailable ? 69 : 70)
  }

  #end(code: number): void {
    this.#leaving = true
    this.#outcome.resolve(code)
  }

  async #leave(): Promise<void> {
    this.#model.leaving('draining')
    this.#events.publish('agent.draining', 'info', 'leaving')
    this.#stopWaiting.abort()
    this.#consul?.unfollow()
    this.#documents.stop()
    await leaveStreams({
      clock: this.#ports.clock,
      adoption: this.#adoption,
      stop: () => (this.#ports.shared ? this.#supervisor.halt([this.#namespec]) : this.#supervisor.stopAll()),
      adoptionGraceMs: this.#config.adoptionGraceMs,
      hurry: this.#hurry.promise,
    })
    this.#credentials.stop()
    await this.#consul?.end()
    this.#model.leaving('stopped')
    this.#events.publish('agent.stopped', 'info', 'left')
    await this.#http?.close()
    this.#loopLag.close()
  }
}
