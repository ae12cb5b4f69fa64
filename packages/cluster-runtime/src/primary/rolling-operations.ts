import { describeError, log } from '../core/log.ts';
import type { Status } from '../core/status.ts';
import type { Member, RetireReason, StartReason } from './worker-process.ts';

/** What the operations need of the crew. */
export interface Hands {
  readonly wanted: number;
  readonly stopping: boolean;
  setWanted(wanted: number): void;
  cancelReplacement(): boolean;
  members(): Member[];
  start(reason: StartReason): Promise<Member>;
  retire(member: Member, reason: Exclude<RetireReason, 'stop'>): Promise<void>;
}

const MOST_WORKERS = 512;

type Kind = 'reload' | 'scale' | 'recycle';
type Replacing = 'recycle' | 'unshared';

export interface OperationsOptions {
  readonly hands: Hands;
  onReload(result: 'done' | 'failed'): void;
}

/**
 * Everything that replaces, adds or removes workers on purpose, one at a time: there is never more than one worker beyond
 * those wanted. What is asked for meanwhile waits; reloads that wait are one.
 */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #records = { reload: newRecord(), scale: newRecord(), recycle: newRecord() };
  readonly #leaving = new Map<Member, { readonly kind: Replacing; readonly why: string }>();
  #reloadAsked = false;
  #scaleBy = 0;
  #running: Kind | undefined;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  /** Replaces all workers there are. Asked for while one runs, it means: once more after it. */
  reload(): void {
    if (this.#running === 'reload' || this.#reloadAsked)
      log('info', 'reload asked for again: it is queued once');
    this.#reloadAsked = true;
    this.#next();
  }

  /** One worker more, or one less. */
  scale(by: 1 | -1): void {
    this.#scaleBy += by;
    this.#next();
  }

  /** Replaces one worker. */
  replace(member: Member, kind: Replacing, why: string): void {
    if (!member.serves || this.#leaving.has(member)) return;
    this.#leaving.set(member, { kind, why });
    this.#next();
  }

  status(): Pick<Status, 'reloading' | 'reload' | 'scale'> {
    const { reload, scale } = this.#records;
    const reloading = this.#running === 'reload' || this.#reloadAsked;
    return { reloading, reload: { ...reload }, scale: { ...scale } };
  }

  #next(): void {
    if (this.#running !== undefined || this.#options.hands.stopping) return;
    const [leaving] = this.#leaving.keys();
    if (this.#scaleBy !== 0) this.#run('scale', () => this.#scaleOnce());
    else if (this.#reloadAsked) this.#run('reload', () => this.#reloadOnce());
    else if (leaving !== undefined) this.#run('recycle', () => this.#replaceOnce(leaving));
  }

  #run(kind: Kind, operation: () => Promise<void>): void {
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
          log('error', `${kind} failed, the workers there are go on`, describeError(error));
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
    const { hands } = this.#options;
    this.#reloadAsked = false;
    // Those started from now on have the new code anyway.
    const old = hands.members().filter(({ retired }) => retired === undefined);
    log('info', 'reloading', { workers: old.length });
    for (const member of old) {
      if (!isThere(hands, member)) continue;
      await hands.start('reload');
      if (isThere(hands, member)) await hands.retire(member, 'reload');
    }
    if (!hands.members().some(({ serves }) => serves)) throw new Error('no worker is ready after the reload');
    log('info', 'reloaded');
  }

  async #scaleOnce(): Promise<void> {
    const { hands } = this.#options;
    const by = Math.sign(this.#scaleBy);
    this.#scaleBy -= by;
    const wanted = hands.wanted + by;
    if (wanted < 1) throw new Error('the last worker stays');
    if (wanted > MOST_WORKERS) throw new Error(`${MOST_WORKERS} workers are the most`);
    if (by > 0) {
      await hands.start('scale');
      hands.setWanted(wanted);
    } else {
      hands.setWanted(wanted);
      // One that waits for its backoff or is still starting is not missed, where it may be the last that serves is; else the
      // one that has served longest goes.
      const staying = hands.members().filter(({ retired }) => retired === undefined);
      const leaver = staying.find(({ serves }) => !serves) ?? staying[0];
      if (!hands.cancelReplacement() && leaver !== undefined) await hands.retire(leaver, 'scale');
    }
    log('info', 'scaled', { workersWanted: wanted });
  }

  async #replaceOnce(member: Member): Promise<void> {
    const { hands } = this.#options;
    const { kind, why } = this.#leaving.get(member)!;
    this.#leaving.delete(member);
    if (!isThere(hands, member)) return;
    log('info', 'replacing a worker', { workerPid: member.pid, why });
    await hands.start('recycle');
    if (isThere(hands, member)) await hands.retire(member, kind);
  }
}

function newRecord() {
  return { begun: 0, ended: 0, error: '' };
}

function isThere(hands: Hands, member: Member): boolean {
  return member.retired === undefined && hands.members().includes(member);
}
