import type { Worker } from 'node:cluster';
import type { ToWorker } from '../core/ipc.ts';
import type { WorkerState, WorkerStatus } from '../core/status.ts';
import type { Watched } from './watchdog.ts';

export type StartReason = 'boot' | 'crash' | 'reload' | 'scale' | 'recycle';
/** Why a worker drains: `sigterm` where it was sent SIGTERM by itself, anything else because the primary asked it to. */
export type DrainReason = 'reload' | 'scale' | 'recycle' | 'cannot-share' | 'sigterm' | 'stop';
/** Why the primary killed a worker; where its drain took too long, why it drained. */
export type KillReason = 'stuck' | 'start-timeout' | DrainReason;

/** A worker that has been ready for so long is stable; one that exits before has failed early. */
const STABLE_MS = 500;

/** One worker process, from its fork to its exit. */
export class WorkerProcess implements Watched {
  readonly forked: Worker;
  state: WorkerState = 'starting';
  /** Undefined until it has reported whether it shares. */
  sharing: { readonly slot: number | undefined } | { readonly cannot: string } | undefined;
  /** Set once it is no longer among the desired workers: it is not replaced when it exits. */
  drainReason: DrainReason | undefined;
  killReason: KillReason | undefined;
  /** Resolves when it is ready, rejects with the reason when it exits before. */
  readonly ready = Promise.withResolvers<void>();
  /** Resolves when it has exited and the reason is known. */
  readonly exited = Promise.withResolvers<void>();
  startTimer: NodeJS.Timeout | undefined;
  lastAnswer = 0;
  asked = false;
  #readyAt: number | undefined;

  constructor(forked: Worker) {
    this.forked = forked;
    // Most starts are awaited by no code.
    this.ready.promise.catch(() => {});
  }

  get id(): number {
    return this.forked.id;
  }

  /** 0 where the process could not be made. */
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

  /** Whether it takes requests and will go on to. */
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

  send(message: ToWorker): void {
    if (this.forked.isConnected()) this.forked.send(message);
  }

  ping(): void {
    this.send({ type: 'ping' });
  }

  /** `whole`: the whole application stops. The first reason holds. */
  drain(reason: DrainReason, whole: boolean): void {
    this.drainReason ??= reason;
    // Before a worker listens for messages SIGTERM simply ends it: it serves no request yet.
    if (this.state === 'starting') this.forked.process.kill('SIGTERM');
    this.state = 'draining';
    this.send({ type: 'drain', whole });
  }

  kill(reason: KillReason): void {
    this.killReason ??= reason;
    this.forked.process.kill('SIGKILL');
  }

  status(): WorkerStatus {
    return { pid: this.pid, id: this.id, state: this.state, slot: this.slot };
  }
}
