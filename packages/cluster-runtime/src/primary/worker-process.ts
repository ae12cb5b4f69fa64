import type { Worker } from 'node:cluster';
import type { ToWorker } from '../core/ipc.ts';
import type { WorkerState, WorkerStatus } from '../core/status.ts';
import type { Watched } from './watchdog.ts';

/**
 * Why the primary starts a worker. `crash`: a worker exited without a drain command of the primary, or it received SIGTERM
 * itself and drains.
 */
export type StartReason = 'boot' | 'crash' | 'reload' | 'scale' | 'recycle';
/** Why a worker drains. `sigterm`: the worker alone received SIGTERM. Otherwise the primary started the drain. */
export type DrainReason = 'reload' | 'scale' | 'recycle' | 'cannot-share' | 'sigterm' | 'stop';
/** Why the primary killed a worker. After a drain deadline it is the reason of the drain. */
export type KillReason = 'stuck' | 'start-timeout' | DrainReason;

/** A worker is stable after it has been ready for this time. A worker that exits before has failed early. */
const STABLE_MS = 500;

/** One worker process, from its fork to its exit. */
export class WorkerProcess implements Watched {
  readonly forked: Worker;
  readonly startReason: StartReason;
  state: WorkerState = 'starting';
  /** Undefined until the worker has reported whether it shares. */
  sharing: { readonly slot: number | undefined } | { readonly cannot: string } | undefined;
  /** Set when the worker no longer counts towards the desired number. */
  drainReason: DrainReason | undefined;
  killReason: KillReason | undefined;
  /** Resolves when the worker is ready. Rejects with the reason if it exits before. */
  readonly ready = Promise.withResolvers<void>();
  /** Resolves when the worker has exited and the exit reason is known. */
  readonly exited = Promise.withResolvers<void>();
  startTimer: NodeJS.Timeout | undefined;
  /** The reason that the application's `ready()` returned last. Undefined if it returned true. */
  notReady: string | undefined;
  lastAnswer = 0;
  pingPending = false;
  #readyAt: number | undefined;

  constructor(forked: Worker, startReason: StartReason) {
    this.forked = forked;
    this.startReason = startReason;
    // Nothing awaits most starts, so a rejection would otherwise end the primary.
    this.ready.promise.catch(() => {});
  }

  get id(): number {
    return this.forked.id;
  }

  /** 0 if the process failed to fork. */
  get pid(): number {
    return this.forked.process.pid ?? 0;
  }

  get slot(): number | undefined {
    return this.sharing !== undefined && 'slot' in this.sharing ? this.sharing.slot : undefined;
  }

  get cannotShare(): string | undefined {
    return this.sharing !== undefined && 'cannot' in this.sharing ? this.sharing.cannot : undefined;
  }

  get shares(): boolean {
    return this.sharing !== undefined && 'slot' in this.sharing;
  }

  /** Whether the worker takes requests and does not drain. */
  get serves(): boolean {
    return this.state === 'ready' && this.drainReason === undefined;
  }

  get stable(): boolean {
    return this.#readyAt !== undefined && performance.now() - this.#readyAt >= STABLE_MS;
  }

  becomeReady(): void {
    clearTimeout(this.startTimer);
    this.state = 'ready';
    this.#readyAt = performance.now();
    this.lastAnswer = this.#readyAt;
    this.ready.resolve();
  }

  /** Whether the worker has started and waits until the application is ready. */
  get waits(): boolean {
    return this.state === 'starting' && this.notReady !== undefined;
  }

  send(message: ToWorker): void {
    if (this.forked.isConnected()) this.forked.send(message);
  }

  ping(): void {
    this.send({ type: 'ping' });
  }

  /** Starts the drain. `whole`: the whole application stops. The first reason is kept. */
  drain(reason: DrainReason, whole: boolean): void {
    this.drainReason ??= reason;
    // A starting worker does not read messages yet. SIGTERM ends it, and no request is lost.
    if (this.state === 'starting') this.forked.process.kill('SIGTERM');
    this.state = 'draining';
    this.send({ type: 'drain', whole });
  }

  kill(reason: KillReason): void {
    this.killReason ??= reason;
    this.forked.process.kill('SIGKILL');
  }

  status(): WorkerStatus {
    return { pid: this.pid, id: this.id, state: this.state, slot: this.slot, notReady: this.notReady };
  }
}
