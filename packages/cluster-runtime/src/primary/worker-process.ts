import type { Worker } from 'node:cluster';
import type { ToWorker } from '../core/ipc.ts';
import type { Watched } from './watchdog.ts';

export type WorkerState = 'starting' | 'ready' | 'draining';
export type StartReason = 'boot' | 'death' | 'reload' | 'scale' | 'recycle';
/** Why a worker drains: `leave` where it was sent SIGTERM by itself, anything else because the primary said so. */
export type RetireReason = 'reload' | 'scale' | 'recycle' | 'unshared' | 'leave' | 'stop';
/** Why the primary killed a worker; where it outstayed its drain, why it drained. */
export type KillReason = 'stuck' | 'start-timeout' | RetireReason;

/** What `/status` says of a worker. */
export interface CrewMember {
  readonly pid: number;
  readonly id: number;
  readonly state: WorkerState;
  /** Undefined before it has one, and where it shares nothing. */
  readonly slot: number | undefined;
}

/** One worker, from its fork to its end. */
export class Member implements Watched {
  readonly worker: Worker;
  readonly startedFor: StartReason;
  state: WorkerState = 'starting';
  readyAt: number | undefined;
  /** Undefined until it has said whether it shares. */
  sharing: { readonly slot: number | undefined } | { readonly cannot: string } | undefined;
  /** Set once it is no longer among those wanted: nobody replaces it when it ends. */
  retired: RetireReason | undefined;
  killed: KillReason | undefined;
  /** Resolves when it is ready, rejects with the reason when it ends before. */
  readonly ready = Promise.withResolvers<void>();
  readonly gone = Promise.withResolvers<void>();
  startTimer: NodeJS.Timeout | undefined;
  lastAnswer = 0;
  asked = false;

  constructor(worker: Worker, startedFor: StartReason) {
    this.worker = worker;
    this.startedFor = startedFor;
    // Most starts have nobody who waits for them.
    this.ready.promise.catch(() => {});
  }

  get pid(): number {
    return this.worker.process.pid ?? 0;
  }

  get cannotShare(): string | undefined {
    return this.sharing !== undefined && 'cannot' in this.sharing ? this.sharing.cannot : undefined;
  }

  get shares(): boolean {
    return this.sharing !== undefined && 'slot' in this.sharing;
  }

  /** Among those that take requests and will go on to. */
  get serves(): boolean {
    return this.state === 'ready' && this.retired === undefined;
  }

  send(message: ToWorker): void {
    if (this.worker.isConnected()) this.worker.send(message);
  }

  ping(): void {
    this.send({ type: 'ping' });
  }

  kill(reason: KillReason): void {
    this.killed ??= reason;
    this.worker.process.kill('SIGKILL');
  }

  describe(): CrewMember {
    const slot = this.sharing !== undefined && 'slot' in this.sharing ? this.sharing.slot : undefined;
    return { pid: this.pid, id: this.worker.id, state: this.state, slot };
  }
}
