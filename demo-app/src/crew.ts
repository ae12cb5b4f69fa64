import cluster, { type Worker } from 'node:cluster';
import { Backoff } from './backoff.ts';
import { log } from './log.ts';
import type { ToPrimary, ToWorker } from './messages.ts';

export type WorkerState = 'starting' | 'ready' | 'draining';

export interface CrewMember {
  readonly pid: number;
  readonly id: number;
  readonly state: WorkerState;
}

interface Member {
  readonly worker: Worker;
  state: WorkerState;
  readyAt: number | undefined;
  /** Why what it counts shows nowhere. */
  cannotShare: string | undefined;
}

/** A worker that has served for so long counts as kept; one that dies before dies quickly. */
const STEADY_MS = 500;
const CHECK_MS = 250;
/** A draining worker gets so much longer than its own deadline before it is killed. */
const KILL_MARGIN_MS = 1000;

export interface CrewOptions {
  readonly wanted: number;
  readonly giveUpMs: number;
  /** Called once, when no worker could be kept for `giveUpMs`. */
  onGiveUp(): void;
  onMessage(worker: Worker, message: ToPrimary): void;
}

/** Keeps the wanted number of workers alive until told to drain. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #members = new Map<number, Member>();
  readonly #backoff = new Backoff();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #check: NodeJS.Timeout | undefined;
  #lastKept = performance.now();
  #stopping = false;
  #onEmpty: () => void = () => {};

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  start(): void {
    cluster.on('listening', (worker, { port }) => this.#listening(worker, port));
    cluster.on('message', (worker, message: ToPrimary) => this.#message(worker, message));
    cluster.on('exit', (worker, code, signal) => this.#exited(worker, code, signal));
    this.#lastKept = performance.now();
    this.#check = setInterval(() => this.#giveUpIfNoneKept(), CHECK_MS);
    for (let i = 0; i < this.#options.wanted; i++) this.#fork();
  }

  list(): CrewMember[] {
    return [...this.#members.values()].map(({ worker, state }) => ({
      pid: worker.process.pid ?? 0,
      id: worker.id,
      state,
    }));
  }

  ready(): Worker[] {
    return [...this.#members.values()].filter((m) => m.state === 'ready').map((m) => m.worker);
  }

  /** @throws Error where no worker can share its metrics: then there is nothing true to show. */
  requireSharing(): void {
    const members = [...this.#members.values()].filter(({ state }) => state !== 'starting');
    const [first] = members;
    if (first !== undefined && members.every(({ cannotShare }) => cannotShare !== undefined)) {
      throw new Error(first.cannotShare);
    }
  }

  /** Resolves when every worker is gone; those that outstay `deadlineMs` are killed. */
  async drain(deadlineMs: number): Promise<void> {
    this.#stop();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const member of this.#members.values()) {
      member.state = 'draining';
      if (member.worker.isConnected()) member.worker.send({ type: 'drain' } satisfies ToWorker);
    }
    const deadline = setTimeout(() => {
      log('warn', 'killing workers that outstayed the drain', { workers: this.list() });
      this.killAll();
    }, deadlineMs + KILL_MARGIN_MS);
    if (this.#members.size > 0) await empty;
    clearTimeout(deadline);
  }

  killAll(): void {
    this.#stop();
    for (const { worker } of this.#members.values()) worker.process.kill('SIGKILL');
  }

  #stop(): void {
    this.#stopping = true;
    clearInterval(this.#check);
    for (const timer of this.#restarts) clearTimeout(timer);
    this.#restarts.clear();
  }

  #fork(): void {
    const worker = cluster.fork();
    this.#members.set(worker.id, { worker, state: 'starting', readyAt: undefined, cannotShare: undefined });
    // Without a listener a failed fork, or a message to a worker that just died, would end the primary.
    worker.on('error', (error) =>
      log('warn', 'worker unreachable', { worker: worker.id, error: error.message }),
    );
  }

  #listening(worker: Worker, port: number): void {
    const member = this.#members.get(worker.id);
    if (member?.state !== 'starting') return;
    member.state = 'ready';
    member.readyAt = performance.now();
    log('info', 'worker ready', { worker: worker.id, workerPid: worker.process.pid, port });
  }

  #message(worker: Worker, message: ToPrimary): void {
    const member = this.#members.get(worker.id);
    if (member !== undefined && message.type === 'draining') member.state = 'draining';
    if (member !== undefined && message.type === 'cannot-share') member.cannotShare = message.reason;
    this.#options.onMessage(worker, message);
  }

  #exited(worker: Worker, code: number | null, signal: string | null): void {
    const member = this.#members.get(worker.id);
    if (member === undefined) return;
    const steady = this.#steady(member);
    if (steady) this.#lastKept = performance.now();
    this.#members.delete(worker.id);
    const fields = { worker: worker.id, workerPid: worker.process.pid, code, signal };
    if (this.#stopping) {
      log('info', 'worker ended', fields);
      if (this.#members.size === 0) this.#onEmpty();
      return;
    }
    const delayMs = this.#backoff.afterDeath(steady);
    log('warn', 'worker died, replacing it', { ...fields, delayMs });
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#fork();
    }, delayMs);
    this.#restarts.add(timer);
  }

  #steady(member: Member): boolean {
    return member.readyAt !== undefined && performance.now() - member.readyAt >= STEADY_MS;
  }

  #giveUpIfNoneKept(): void {
    const now = performance.now();
    if ([...this.#members.values()].some((m) => this.#steady(m))) this.#lastKept = now;
    if (now - this.#lastKept < this.#options.giveUpMs) return;
    this.#stop();
    this.#options.onGiveUp();
  }
}
