import { readdirSync } from 'node:fs';
import { describeForeign, isOfAnotherClient } from '../format/foreign-file.ts';
import { bootTime } from '../os/boot-clock.ts';
import { dieWithParent } from '../os/die-with-parent.ts';
import { loadLibc } from '../os/libc.ts';
import type { Loss } from '../slot/slot-file.ts';
import { SlotWriter } from '../slot/slot-writer.ts';
import type { Warnings } from '../util/warnings.ts';

/** Callbacks for changes of whether this process can share. */
export interface SharingListener {
  readonly onFailure?: ((error: Error) => void) | undefined;
  readonly onRecovered?: (() => void) | undefined;
}

/** Maximum number of lost files whose lock a process keeps: see `SlotFile.abandon`. */
export const MAX_LOST = 16;

/** Takes the slot of this process in one directory. If that fails, `tryAgain` repeats it. */
export class SlotHolder {
  readonly directory: string;
  /** Why this process cannot share; undefined while it can, or has not tried. */
  failure: Error | undefined;
  writer: SlotWriter | undefined;
  readonly #warnings: Warnings;
  readonly #listeners: SharingListener[] = [];
  readonly #lost: (() => void)[] = [];
  #followsParent = false;

  constructor(directory: string, warnings: Warnings) {
    this.directory = directory;
    this.#warnings = warnings;
    try {
      this.#dieWithParent();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Adds a listener. Calls `onFailure` at once if this process cannot share. */
  addListener(listener: SharingListener): void {
    const { onFailure, onRecovered } = listener;
    if (this.#listeners.some((one) => one.onFailure === onFailure && one.onRecovered === onRecovered)) return;
    this.#listeners.push(listener);
    if (this.failure !== undefined) listener.onFailure?.(this.failure);
  }

  /** Takes the slot at the first write, unless an earlier attempt failed. @returns whether it was taken now */
  take(): boolean {
    return this.failure === undefined && this.#take();
  }

  /** Takes the slot after a failed attempt. @returns whether it was taken now */
  tryAgain(): boolean {
    if (!this.#take()) return false;
    if (this.failure !== undefined) this.#recover();
    return true;
  }

  /** Whether the slot file was removed, replaced, cut or overwritten. */
  get isLost(): boolean {
    return this.writer?.findLoss() !== undefined;
  }

  /** Abandons the slot if its file is lost. @returns the loss, or undefined if the file is intact */
  dropLost(): Loss | undefined {
    const loss = this.writer?.findLoss();
    if (loss === undefined) return undefined;
    this.#lost.push(this.writer!.abandon());
    if (this.#lost.length > MAX_LOST) this.#lost.shift()!();
    this.writer = undefined;
    this.#warnings.warn(
      'PROM_MULTIPROC_LOST',
      `${loss.reason}: this process continues in another slot, from zero. Processes that have read the lost file keep its counts; processes and readers started later do not have them. Find what changes files in ${this.directory}`,
    );
    return loss;
  }

  /** Returns the error for `cause` and reports it once. */
  cannotShare(cause: unknown): Error {
    const message = `cannot share metrics in ${this.directory}: ${(cause as Error).message}`;
    this.#warnings.once('PROM_MULTIPROC_UNSHARED', message);
    return new Error(message, { cause });
  }

  #take(): boolean {
    if (this.writer !== undefined) return false;
    try {
      this.#dieWithParent();
      this.writer = SlotWriter.open(loadLibc(), this.directory, {
        now: bootTime,
        onRefused: (error) =>
          this.#warnings.once('PROM_MULTIPROC_REFUSED', `a series is not shared: ${error.message}`),
        onExemplarRefused: (error) =>
          this.#warnings.once('PROM_MULTIPROC_REFUSED', `an exemplar is not shared: ${error.message}`),
      });
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#warnOfOthers();
    return true;
  }

  /** Warns of files of other clients: applications that share a directory remove each other's files. */
  #warnOfOthers(): void {
    const other = this.#names().find(isOfAnotherClient);
    if (other === undefined) return;
    this.#warnings.once(
      'PROM_MULTIPROC_FOREIGN',
      `${this.directory} holds ${describeForeign(other)}: use a separate directory for each application`,
    );
  }

  /** Empty if the directory cannot be listed: counting needs no list, and a read reports the error. */
  #names(): string[] {
    try {
      return readdirSync(this.directory);
    } catch {
      return [];
    }
  }

  // Only once: dieWithParent() ends a worker without a connection, but a worker that disconnects later is shutting down gracefully.
  #dieWithParent(): void {
    if (this.#followsParent) return;
    dieWithParent();
    this.#followsParent = true;
  }

  #fail(cause: unknown): void {
    const isFirst = this.failure === undefined;
    this.failure = this.cannotShare(cause);
    if (isFirst) for (const { onFailure } of this.#listeners) onFailure?.(this.failure);
  }

  #recover(): void {
    this.failure = undefined;
    this.#warnings.forget('PROM_MULTIPROC_UNSHARED');
    this.#warnings.warn(
      'PROM_MULTIPROC_RECOVERED',
      `metrics are shared in ${this.directory} again, including all counts made meanwhile`,
    );
    for (const { onRecovered } of this.#listeners) onRecovered?.();
  }
}
