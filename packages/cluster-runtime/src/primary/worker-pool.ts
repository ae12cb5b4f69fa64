import cluster, { type Worker } from 'node:cluster';
import type { ToPrimary } from '../core/ipc.ts';
import { log } from '../core/log.ts';
import { Backoff } from './backoff.ts';
import { Exits } from './exit-reporter.ts';
import { type CrewMember, Member, type RetireReason, type StartReason } from './worker-process.ts';

/** A worker that has served for so long counts as kept; one that dies before dies quickly. */
const STEADY_MS = 500;
const CHECK_MS = 250;
/** A draining worker gets so much longer than its own deadline before it is killed. */
const KILL_MARGIN_MS = 1000;
/** A signal to the whole process group reaches all its processes well within this. */
const SIGNAL_GRACE_MS = 200;

export interface CrewOptions {
  readonly wanted: number;
  readonly giveUpMs: number;
  /** A worker that is not ready after so long is killed. */
  readonly startTimeoutMs: number;
  readonly drainWaitMs: number;
  readonly drainTimeoutMs: number;
  /** Called once, when no worker could be kept for `giveUpMs`. */
  onGiveUp(): void;
  onMessage(member: Member, message: ToPrimary): void;
  onStart(reason: StartReason): void;
  onExit(reason: string): void;
}

/**
 * Keeps the wanted number of workers alive until told to drain. Whatever ends is replaced as long as fewer are left than
 * wanted; `start` and `retire` are for those who replace, add and remove workers on purpose.
 */
export class Crew {
  readonly #options: CrewOptions;
  readonly #members = new Map<number, Member>();
  readonly #exits: Exits;
  readonly #backoff = new Backoff();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #wanted: number;
  #check: NodeJS.Timeout | undefined;
  #lastKept = performance.now();
  /** Whether a worker died early since then: those that merely take long to start are no reason to give up. */
  #failedSince = false;
  #stopping = false;
  #onEmpty: () => void = () => {};

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#wanted = options.wanted;
    this.#exits = new Exits(options.onExit);
  }

  boot(): void {
    cluster.on('listening', (worker, { port }) => this.#listening(worker, port));
    cluster.on('message', (worker, message: ToPrimary) => this.#message(worker, message));
    cluster.on('exit', (worker, code, signal) => this.#exited(worker, code, signal));
    this.#lastKept = performance.now();
    this.#check = setInterval(() => this.#giveUpIfNoneKept(), CHECK_MS);
    for (let i = 0; i < this.#wanted; i++) this.#fork('boot');
  }

  get wanted(): number {
    return this.#wanted;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Those that are short are started at once; it ends none of those that are too many. */
  setWanted(wanted: number): void {
    this.#wanted = wanted;
    for (let missing = this.#missing(); missing > 0; missing--) this.#replaceIn(0);
  }

  /** Gives up on a worker that waits for its replacement, if there is one: it need not be started any more. */
  cancelReplacement(): boolean {
    const [timer] = this.#restarts;
    if (timer === undefined) return false;
    clearTimeout(timer);
    return this.#restarts.delete(timer);
  }

  members(): Member[] {
    return [...this.#members.values()];
  }

  list(): CrewMember[] {
    return this.members().map((member) => member.describe());
  }

  /** @throws Error where no worker can share its metrics: then there is nothing true to show. */
  requireSharing(): void {
    const members = this.members().filter(({ state }) => state !== 'starting');
    const [first] = members;
    if (first !== undefined && members.every(({ cannotShare }) => cannotShare !== undefined)) {
      throw new Error(first.cannotShare);
    }
  }

  /** One worker beyond those there are. Rejects with the reason where it ends before it is ready. */
  async start(reason: StartReason): Promise<Member> {
    if (this.#stopping) throw new Error('the application is stopping');
    const member = this.#fork(reason);
    await member.ready.promise;
    return member;
  }

  /** Has a worker drain, and resolves when it is gone. It is killed where it outstays its deadline. */
  async retire(member: Member, reason: Exclude<RetireReason, 'stop'>): Promise<void> {
    member.retired ??= reason;
    sendAway(member, false);
    const deadline = setTimeout(() => {
      log('warn', 'killing a worker that outstayed its drain', { workerPid: member.pid, reason });
      member.kill(reason);
    }, this.#options.drainTimeoutMs + KILL_MARGIN_MS);
    await member.gone.promise;
    clearTimeout(deadline);
  }

  /** Resolves when every worker is gone; those that outstay the drain are killed. */
  async drain(): Promise<void> {
    this.#stop();
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const member of this.#members.values()) {
      member.retired ??= 'stop';
      sendAway(member, true);
    }
    const { drainWaitMs, drainTimeoutMs } = this.#options;
    const deadline = setTimeout(
      () => {
        log('warn', 'killing workers that outstayed the drain', { workers: this.list() });
        this.killAll();
      },
      drainWaitMs + drainTimeoutMs + KILL_MARGIN_MS,
    );
    if (this.#members.size + this.#exits.untold > 0) await empty;
    clearTimeout(deadline);
  }

  killAll(): void {
    this.#stop();
    for (const member of this.#members.values()) member.kill('stop');
  }

  #stop(): void {
    this.#stopping = true;
    clearInterval(this.#check);
    for (const timer of this.#restarts) clearTimeout(timer);
    this.#restarts.clear();
  }

  #fork(reason: StartReason): Member {
    const worker = cluster.fork();
    const member = new Member(worker, reason);
    this.#members.set(worker.id, member);
    this.#exits.follow(member);
    this.#options.onStart(reason);
    log('info', 'starting a worker', { worker: worker.id, workerPid: member.pid, reason });
    const { startTimeoutMs } = this.#options;
    member.startTimer = setTimeout(() => {
      log('error', 'killing a worker that is not ready in time', { workerPid: member.pid, startTimeoutMs });
      member.kill('start-timeout');
    }, startTimeoutMs);
    // Without a listener a failed fork, or a message to a worker that just died, would end the primary.
    worker.on('error', (error) => {
      log('warn', 'worker unreachable', { worker: worker.id, error: error.message });
      // A process that could not be made has no exit either.
      if (worker.process.pid === undefined) this.#exited(worker, null, null);
    });
    return member;
  }

  #listening(worker: Worker, port: number): void {
    const member = this.#members.get(worker.id);
    if (member?.state !== 'starting') return;
    clearTimeout(member.startTimer);
    member.state = 'ready';
    member.readyAt = performance.now();
    member.lastAnswer = member.readyAt;
    log('info', 'worker ready', { worker: worker.id, workerPid: member.pid, port, ...slotOf(member) });
    member.ready.resolve();
  }

  #message(worker: Worker, message: ToPrimary): void {
    const member = this.#members.get(worker.id);
    if (member === undefined) return;
    if (message.type === 'draining') this.#drains(member);
    if (message.type === 'shares') member.sharing = { slot: message.slot };
    if (message.type === 'cannot-share') this.#cannotShare(member, message.reason);
    this.#options.onMessage(member, message);
  }

  /** Who drains without being told to is replaced while it does, unless it was a signal to the whole application. */
  #drains(member: Member): void {
    member.state = 'draining';
    if (member.retired !== undefined) return;
    const timer = setTimeout(() => {
      if (this.#stopping || member.retired !== undefined) return;
      member.retired = 'leave';
      log('info', 'a worker leaves by itself, replacing it', { workerPid: member.pid });
      if (this.#missing() > 0) this.#replaceIn(0);
    }, SIGNAL_GRACE_MS);
    member.gone.promise.then(() => clearTimeout(timer));
  }

  /** A new worker that cannot share would count into nothing: it may serve only where nobody shares. */
  #cannotShare(member: Member, reason: string): void {
    member.sharing = { cannot: reason };
    if (member.state !== 'starting') return;
    if (this.members().some((other) => other.serves && other.shares)) {
      log('error', 'ending a new worker that cannot share its metrics', { workerPid: member.pid, reason });
      member.kill('unshared');
    } else {
      member.send({ type: 'serve-unshared' });
    }
  }

  #exited(worker: Worker, code: number | null, signal: string | null): void {
    const member = this.#members.get(worker.id);
    if (member === undefined) return;
    clearTimeout(member.startTimer);
    const steady = this.#steady(member);
    if (steady) this.#kept();
    else if (member.retired === undefined) this.#failedSince = true;
    this.#members.delete(worker.id);
    const delayMs = this.#stopping || this.#missing() <= 0 ? undefined : this.#backoff.afterDeath(steady);
    if (delayMs !== undefined) this.#replaceIn(delayMs);
    this.#exits.tell(member, { code, signal, delayMs }).then(() => {
      if (this.#stopping && this.#members.size + this.#exits.untold === 0) this.#onEmpty();
    });
  }

  #replaceIn(delayMs: number): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#fork('death');
    }, delayMs);
    this.#restarts.add(timer);
  }

  #missing(): number {
    const staying = this.members().filter(({ retired }) => retired === undefined).length;
    return this.#wanted - staying - this.#restarts.size;
  }

  #steady(member: Member): boolean {
    return member.readyAt !== undefined && performance.now() - member.readyAt >= STEADY_MS;
  }

  #kept(): void {
    this.#lastKept = performance.now();
    this.#failedSince = false;
  }

  #giveUpIfNoneKept(): void {
    if (this.members().some((member) => this.#steady(member))) this.#kept();
    if (!this.#failedSince || performance.now() - this.#lastKept < this.#options.giveUpMs) return;
    this.#stop();
    this.#options.onGiveUp();
  }
}

function sendAway(member: Member, whole: boolean): void {
  // Before a worker listens for messages SIGTERM simply ends it: it serves nobody yet.
  if (member.state === 'starting') member.worker.process.kill('SIGTERM');
  member.state = 'draining';
  member.send({ type: 'drain', whole });
}

function slotOf(member: Member): { slot?: number } {
  const { slot } = member.describe();
  return slot === undefined ? {} : { slot };
}
