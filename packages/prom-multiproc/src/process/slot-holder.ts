import { readdirSync } from 'node:fs';
import { describeForeign, isOfAnotherClient } from '../format/foreign-file.ts';
import { bootTime } from '../os/boot-clock.ts';
import { dieWithParent } from '../os/die-with-parent.ts';
import { loadLibc } from '../os/libc.ts';
import type { Loss } from '../slot/slot-file.ts';
import { SlotWriter } from '../slot/slot-writer.ts';
import type { Warnings } from '../util/warnings.ts';

/** Called when it changes whether this process can share. */
export interface SharingListener {
  readonly onFailure?: ((error: Error) => void) | undefined;
  readonly onRecovered?: (() => void) | undefined;
}

/** Most lost files that a process keeps its mark on: see `SlotFile.abandon`. */
export const MAX_LOST = 16;

/** Takes the slot of this process in one directory, and tries again for as long as it cannot be had. */
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

  /** Calls back at each change from now on; at once where this process cannot share. */
  addListener(listener: SharingListener): void {
    const { onFailure, onRecovered } = listener;
    if (this.#listeners.some((one) => one.onFailure === onFailure && one.onRecovered === onRecovered)) return;
    this.#listeners.push(listener);
    if (this.failure !== undefined) listener.onFailure?.(this.failure);
  }

  /** Takes the slot at the first write; whether it was taken just now. What failed before is left to `tryAgain`. */
  take(): boolean {
    return this.failure === undefined && this.#take();
  }

  /** Takes the slot that could not be had before; whether it was taken just now. */
  tryAgain(): boolean {
    if (!this.#take()) return false;
    if (this.failure !== undefined) this.#recover();
    return true;
  }

  /** Whether the file of the slot is no longer as this process left it. */
  get isLost(): boolean {
    return this.writer?.findLoss() !== undefined;
  }

  /** Abandons a slot whose file is lost; undefined where it is sound. */
  dropLost(): Loss | undefined {
    const loss = this.writer?.findLoss();
    if (loss === undefined) return undefined;
    this.#lost.push(this.writer!.abandon());
    if (this.#lost.length > MAX_LOST) this.#lost.shift()!();
    this.writer = undefined;
    this.#warnings.warn(
      'PROM_MULTIPROC_LOST',
      `${loss.reason}: this process counts on in another slot, from zero; what it had counted is held by those who have read it`,
    );
    return loss;
  }

  /** The error to show for `cause`, reported once. */
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
      });
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#warnOfOthers();
    return true;
  }

  /** Applications that share a directory empty it for each other, Python's with a glob. */
  #warnOfOthers(): void {
    const other = this.#names().find(isOfAnotherClient);
    if (other === undefined) return;
    this.#warnings.once(
      'PROM_MULTIPROC_FOREIGN',
      `${this.directory} holds ${describeForeign(other)}: give each application a directory of its own`,
    );
  }

  /** None where the directory cannot be listed: reading it says so, and counting needs no list. */
  #names(): string[] {
    try {
      return readdirSync(this.directory);
    } catch {
      return [];
    }
  }

  // Once: a worker that has let go of its primary later on is draining.
  #dieWithParent(): void {
    if (this.#followsParent) return;
    dieWithParent();
    this.#followsParent = true;
  }

  #fail(cause: unknown): void {
    const isNews = this.failure === undefined;
    this.failure = this.cannotShare(cause);
    if (isNews) for (const { onFailure } of this.#listeners) onFailure?.(this.failure);
  }

  #recover(): void {
    this.failure = undefined;
    this.#warnings.forget('PROM_MULTIPROC_UNSHARED');
    this.#warnings.warn(
      'PROM_MULTIPROC_RECOVERED',
      `metrics are shared in ${this.directory} again, with all that was counted meanwhile`,
    );
    for (const { onRecovered } of this.#listeners) onRecovered?.();
  }
}
