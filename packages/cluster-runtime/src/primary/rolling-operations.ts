import { describeError, log } from '../core/log.ts';
import type { Status } from '../core/status.ts';
import type { DrainReason, StartReason, WorkerProcess } from './worker-process.ts';

/** The part of the worker pool that the operations use. */
export interface OperatedPool {
  readonly desired: number;
  readonly stopping: boolean;
  setDesired(desired: number): void;
  cancelReplacement(): boolean;
  workers(): WorkerProcess[];
  start(reason: StartReason): Promise<WorkerProcess>;
  drainWorker(worker: WorkerProcess, reason: Exclude<DrainReason, 'stop'>): Promise<void>;
}

const MAX_WORKERS = 512;

type Kind = 'reload' | 'scale' | 'recycle';
type Replacing = 'recycle' | 'cannot-share';
const REPLACEMENT: Readonly<Record<Replacing, string>> = {
  recycle: 'recycle',
  'cannot-share': 'replacement of a worker that cannot share',
};

export interface RollingOperationsOptions {
  readonly pool: OperatedPool;
  onReload(result: 'done' | 'failed'): void;
}

/**
 * Replaces, adds and removes workers on request, one at a time: there is never more than one worker above the desired number.
 * Operations that are requested meanwhile are queued. Queued reloads are merged into one.
 */
export class RollingOperations {
  readonly #options: RollingOperationsOptions;
  readonly #records = { reload: newRecord(), scale: newRecord(), recycle: newRecord() };
  readonly #leaving = new Map<WorkerProcess, { readonly kind: Replacing; readonly why: string }>();
  #reloadAsked = false;
  #scaleBy = 0;
  #running: Kind | undefined;

  constructor(options: RollingOperationsOptions) {
    this.#options = options;
  }

  /** Replaces all workers. Requests during a reload cause one more reload after it. */
  reload(): void {
    if (this.#reloadAsked) log('info', 'a reload is already queued; this request is part of it');
    else if (this.#running === 'reload') log('info', 'a reload is running; one more runs after it');
    this.#reloadAsked = true;
    this.#next();
  }

  /** Adds or removes one worker. */
  scale(by: 1 | -1): void {
    this.#scaleBy += by;
    this.#next();
  }

  /** Replaces one worker. Does nothing if the worker does not serve or is already queued. */
  replace(worker: WorkerProcess, kind: Replacing, why: string): void {
    if (!worker.serves || this.#leaving.has(worker)) return;
    this.#leaving.set(worker, { kind, why });
    this.#next();
  }

  status(): Pick<Status, 'reloading' | 'reload' | 'scale'> {
    const { reload, scale } = this.#records;
    const reloading = this.#running === 'reload' || this.#reloadAsked;
    return { reloading, reload: { ...reload }, scale: { ...scale } };
  }

  #next(): void {
    if (this.#running !== undefined || this.#options.pool.stopping) return;
    const [leaving] = this.#leaving;
    if (this.#scaleBy !== 0) this.#run('scale', 'scale', () => this.#scaleOnce());
    else if (this.#reloadAsked) this.#run('reload', 'reload', () => this.#reloadOnce());
    else if (leaving !== undefined) {
      const [worker, { kind }] = leaving;
      this.#run('recycle', REPLACEMENT[kind], () => this.#replaceOnce(worker));
    }
  }

  /** `what` names the operation in the log. */
  #run(kind: Kind, what: string, operation: () => Promise<void>): void {
    const record = this.#records[kind];
    record.begun += 1;
    this.#running = kind;
    operation()
      .then(
        () => {
          record.error = '';
          if (kind === 'reload') this.#options.onReload('done');
        },
        (error: Error) => {
          record.error = error.message;
          const serving = this.#options.pool.workers().some(({ serves }) => serves);
          if (serving) log('error', `${what} failed; existing workers keep serving`, describeError(error));
          else log('error', `${what} failed; no worker is ready`, describeError(error));
          if (kind === 'reload') this.#options.onReload('failed');
        },
      )
      .finally(() => {
        record.ended += 1;
        this.#running = undefined;
        this.#next();
      });
  }

  async #reloadOnce(): Promise<void> {
    const { pool } = this.#options;
    this.#reloadAsked = false;
    // Workers that start from now on run the new code already.
    const old = pool.workers().filter(({ drainReason }) => drainReason === undefined);
    log('info', 'reloading', { workers: old.length });
    for (const worker of old) {
      if (!isStaying(pool, worker)) continue;
      await pool.start('reload');
      if (isStaying(pool, worker)) await pool.drainWorker(worker, 'reload');
    }
    if (!pool.workers().some(({ serves }) => serves)) throw new Error('no worker is ready after the reload');
    log('info', 'reloaded');
  }

  async #scaleOnce(): Promise<void> {
    const { pool } = this.#options;
    const by = Math.sign(this.#scaleBy);
    this.#scaleBy -= by;
    const desired = pool.desired + by;
    if (desired < 1) throw new Error('cannot scale below 1 worker');
    if (desired > MAX_WORKERS) throw new Error(`cannot scale above ${MAX_WORKERS} workers`);
    if (by > 0) {
      await pool.start('scale');
      pool.setDesired(desired);
    } else {
      pool.setDesired(desired);
      // Removes the first of these that exists: a replacement that waits for its backoff, a worker that is not ready, the worker
      // that has served longest. The only worker that serves is therefore never removed.
      const staying = pool.workers().filter(({ drainReason }) => drainReason === undefined);
      const leaving = staying.find(({ serves }) => !serves) ?? staying[0];
      if (!pool.cancelReplacement() && leaving !== undefined) await pool.drainWorker(leaving, 'scale');
    }
    log('info', 'scaled', { workers_desired: desired });
  }

  async #replaceOnce(worker: WorkerProcess): Promise<void> {
    const { pool } = this.#options;
    const { kind, why } = this.#leaving.get(worker)!;
    this.#leaving.delete(worker);
    if (!isStaying(pool, worker)) return;
    log('info', 'replacing a worker', { worker_pid: worker.pid, why });
    await pool.start('recycle');
    if (isStaying(pool, worker)) await pool.drainWorker(worker, kind);
  }
}

function newRecord() {
  return { begun: 0, ended: 0, error: '' };
}

function isStaying(pool: OperatedPool, worker: WorkerProcess): boolean {
  return worker.drainReason === undefined && pool.workers().includes(worker);
}
