import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import type { ToPrimary } from '../core/ipc.ts';
import { log } from '../core/log.ts';
import type { WorkerStatus } from '../core/status.ts';
import { Backoff } from './backoff.ts';
import { ExitReporter } from './exit-reporter.ts';
import { GiveUp } from './give-up.ts';
import { KILL_MARGIN_MS } from './longest-end.ts';
import { type DrainReason, type StartReason, WorkerProcess } from './worker-process.ts';

/** A signal to the process group reaches the primary within this time after it has reached a worker. */
const SIGNAL_GRACE_MS = 200;

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly giveUpMs: number;
  /** A worker that is not ready after this time is killed. */
  readonly startTimeoutMs: number;
  readonly drainWaitMs: number;
  readonly drainTimeoutMs: number;
}

interface WorkerPoolEvents {
  /** A worker process was started. */
  start: [reason: StartReason];
  /** A worker sent a message. The pool has already handled it. */
  message: [worker: WorkerProcess, message: ToPrimary];
  /** A worker process exited, and the exit reason is known. */
  exit: [reason: string];
  /** No worker was stable for `giveUpMs`. The pool starts no more workers. */
  'give-up': [];
}

/**
 * Keeps the desired number of workers running until it drains. It replaces an exited worker if fewer workers than desired are left.
 * Rolling operations use `start` and `drainWorker`.
 */
export class WorkerPool extends EventEmitter<WorkerPoolEvents> {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Map<number, WorkerProcess>();
  readonly #exits = new ExitReporter((reason) => this.emit('exit', reason));
  readonly #backoff = new Backoff();
  readonly #replacements = new Set<NodeJS.Timeout>();
  readonly #empty = Promise.withResolvers<void>();
  readonly #giveUp: GiveUp;
  #desired: number;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    super();
    this.#options = options;
    this.#desired = options.workers;
    this.#giveUp = new GiveUp({
      giveUpMs: options.giveUpMs,
      hasStable: () => this.workers().some(({ stable, waits }) => stable || waits),
      onGiveUp: () => {
        this.#stop();
        this.emit('give-up');
      },
    });
  }

  /** Starts the desired number of workers and from then on replaces workers that exit. */
  boot(): void {
    cluster.on('message', (worker, message: ToPrimary) => this.#message(worker, message));
    cluster.on('exit', (worker, code, signal) => this.#exited(worker, code, signal));
    this.#giveUp.start();
    for (let i = 0; i < this.#desired; i++) this.#fork('boot');
  }

  get desired(): number {
    return this.#desired;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Sets the desired number and starts missing workers at once. It does not end surplus workers. */
  setDesired(desired: number): void {
    this.#desired = desired;
    for (let missing = this.#missing(); missing > 0; missing--) this.#replaceIn(0);
  }

  /** Cancels one replacement that waits for its backoff. Returns false if there is none. */
  cancelReplacement(): boolean {
    const [timer] = this.#replacements;
    if (timer === undefined) return false;
    clearTimeout(timer);
    return this.#replacements.delete(timer);
  }

  workers(): WorkerProcess[] {
    return [...this.#workers.values()];
  }

  status(): WorkerStatus[] {
    return this.workers().map((worker) => worker.status());
  }

  /** @throws Error if no worker can share its metrics: there are then no correct totals to show */
  requireSharing(): void {
    const workers = this.workers().filter(({ state }) => state !== 'starting');
    const [first] = workers;
    if (first !== undefined && workers.every(({ cannotShare }) => cannotShare !== undefined)) {
      throw new Error(first.cannotShare);
    }
  }

  /** Starts one worker and resolves when it is ready. Rejects with the reason if it exits before. */
  async start(reason: StartReason): Promise<WorkerProcess> {
    if (this.#stopping) throw new Error('the application is stopping');
    const worker = this.#fork(reason);
    await worker.ready.promise;
    return worker;
  }

  /** Drains one worker, kills it after the deadline, and resolves when it has exited. */
  async drainWorker(worker: WorkerProcess, reason: Exclude<DrainReason, 'stop'>): Promise<void> {
    worker.drain(reason, false);
    const deadline = setTimeout(() => {
      log('warn', 'drain deadline exceeded; killing a worker', { worker_pid: worker.pid, reason });
      worker.kill(reason);
    }, this.#options.drainTimeoutMs + KILL_MARGIN_MS);
    await worker.exited.promise;
    clearTimeout(deadline);
  }

  /** Drains all workers, kills them after the deadline, and resolves when all have exited. */
  async drain(): Promise<void> {
    this.#stop();
    for (const worker of this.#workers.values()) worker.drain('stop', true);
    const { drainWaitMs, drainTimeoutMs } = this.#options;
    const deadline = setTimeout(
      () => {
        log('warn', 'drain deadline exceeded; killing workers', { workers: this.status() });
        this.killAll();
      },
      drainWaitMs + drainTimeoutMs + KILL_MARGIN_MS,
    );
    this.#resolveIfEmpty();
    await this.#empty.promise;
    clearTimeout(deadline);
  }

  killAll(): void {
    this.#stop();
    for (const worker of this.#workers.values()) worker.kill('stop');
  }

  #stop(): void {
    this.#stopping = true;
    this.#giveUp.stop();
    for (const timer of this.#replacements) clearTimeout(timer);
    this.#replacements.clear();
  }

  #resolveIfEmpty(): void {
    if (this.#stopping && this.#workers.size + this.#exits.pending === 0) this.#empty.resolve();
  }

  #fork(reason: StartReason): WorkerProcess {
    const worker = new WorkerProcess(cluster.fork(), reason);
    this.#workers.set(worker.id, worker);
    this.#exits.follow(worker);
    this.emit('start', reason);
    log('info', 'starting a worker', { worker: worker.id, worker_pid: worker.pid, reason });
    this.#limitStart(worker);
    // Without this listener a failed fork, or a message to an exited worker, would end the primary.
    worker.forked.on('error', (error) => {
      const fields = { worker: worker.id, error: error.message };
      if (worker.forked.process.pid !== undefined) {
        log('warn', 'cannot send to a worker', fields);
        return;
      }
      log('warn', 'cannot start a worker', fields);
      // A process that failed to fork emits no 'exit'.
      this.#exited(worker.forked, null, null);
    });
    return worker;
  }

  /** Kills the worker if it is not ready after the time limit, which begins now. */
  #limitStart(worker: WorkerProcess): void {
    const { startTimeoutMs } = this.#options;
    clearTimeout(worker.startTimer);
    worker.startTimer = setTimeout(() => {
      log('error', 'killing a worker that is not ready in time', {
        worker_pid: worker.pid,
        start_timeout_ms: startTimeoutMs,
      });
      worker.kill('start-timeout');
    }, startTimeoutMs);
  }

  #listening(worker: WorkerProcess, port: number): void {
    if (worker.state !== 'starting') return;
    const { id, pid, slot } = worker;
    log('info', 'worker ready', { worker: id, worker_pid: pid, port, ...(slot !== undefined && { slot }) });
    worker.becomeReady();
  }

  #message({ id }: Worker, message: ToPrimary): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    if (message.type === 'listening') this.#listening(worker, message.port);
    if (message.type === 'draining') this.#drainsByItself(worker);
    if (message.type === 'readiness') this.#readiness(worker, message.reason);
    if (message.type === 'shares') worker.sharing = { slot: message.slot };
    if (message.type === 'cannot-share') this.#cannotShare(worker, message.reason);
    this.emit('message', worker, message);
  }

  /**
   * Starts the replacement of a worker that drains without a command of the primary, such as after SIGTERM to this worker alone. The
   * replacement does not wait for the end of the drain. Starts none if the whole application stops.
   */
  #drainsByItself(worker: WorkerProcess): void {
    worker.state = 'draining';
    if (worker.drainReason !== undefined) return;
    const timer = setTimeout(() => {
      if (this.#stopping || worker.drainReason !== undefined) return;
      worker.drainReason = 'sigterm';
      log('info', 'a worker drains on its own; replacing it', { worker_pid: worker.pid });
      if (this.#missing() > 0) this.#replaceIn(0);
    }, SIGNAL_GRACE_MS);
    worker.exited.promise.then(() => clearTimeout(timer));
  }

  /**
   * At boot and after a crash, each answer of `ready()` restarts the time limit, so workers are not restarted in a loop while, for
   * example, the database is down. Rolling operations keep the limit: they fail, and the existing workers keep serving.
   */
  #readiness(worker: WorkerProcess, reason: string | undefined): void {
    worker.notReady = reason;
    if (worker.waits && ['boot', 'crash'].includes(worker.startReason)) this.#limitStart(worker);
  }

  /** A starting worker that cannot share may serve only if no other worker shares. Otherwise its counts would be lost. */
  #cannotShare(worker: WorkerProcess, reason: string): void {
    worker.sharing = { cannot: reason };
    if (worker.state !== 'starting') return;
    if (this.workers().some((other) => other.serves && other.shares)) {
      log('error', 'killing a new worker that cannot share its metrics', { worker_pid: worker.pid, reason });
      worker.kill('cannot-share');
    } else {
      worker.send({ type: 'serve-anyway' });
    }
  }

  #exited({ id }: Worker, code: number | null, signal: string | null): void {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    clearTimeout(worker.startTimer);
    const { stable } = worker;
    if (stable) this.#giveUp.seenStable();
    else if (worker.drainReason === undefined) this.#giveUp.failedEarly();
    this.#workers.delete(id);
    const delayMs = this.#stopping || this.#missing() <= 0 ? undefined : this.#backoff.afterExit(stable);
    if (delayMs !== undefined) this.#replaceIn(delayMs);
    this.#exits.report(worker, { code, signal, delayMs }).then(() => this.#resolveIfEmpty());
  }

  /** The start reason is `crash` also for a worker that received SIGTERM alone: see StartReason. */
  #replaceIn(delayMs: number): void {
    const timer = setTimeout(() => {
      this.#replacements.delete(timer);
      this.#fork('crash');
    }, delayMs);
    this.#replacements.add(timer);
  }

  #missing(): number {
    const staying = this.workers().filter(({ drainReason }) => drainReason === undefined).length;
    return this.#desired - staying - this.#replacements.size;
  }
}
