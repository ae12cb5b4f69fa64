import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { AT_PROCESS, AT_PROCESS_METRICS, slotOfFileName } from '../format/layout.ts';
import type { SharedMetric } from '../metric/shared-metric.ts';
import { type Libc, loadLibc } from '../os/libc.ts';
import { readFully } from '../os/read-fully.ts';
import { isHeld } from '../slot/slot-lock.ts';
import type { SlotWriter } from '../slot/slot-writer.ts';

/** State of process-wide metrics in a slot's header. A higher value takes precedence. */
export const PROCESS_METRICS = { none: 0, waiting: 1, ofThread: 2, ofMainThread: 3 } as const;

/** Default metrics, with any prefix, that have the same value in all threads of a process. */
const NAMES = [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
];

export function isProcessWide(name: string): boolean {
  return NAMES.some((one) => name.endsWith(one));
}

/** A number that all threads of a process share and no other process of the machine has; 0 if /proc is not readable. */
export function processToken(): bigint {
  try {
    const namespace = statSync('/proc/self/ns/pid').ino;
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // Field 22, starttime: see proc_pid_stat(5). Field 2, the name, may contain spaces and parentheses.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const digest = createHash('sha256').update(`${namespace} ${process.pid} ${started}`).digest();
    return digest.readBigUInt64LE(0) | 1n;
  } catch {
    return 0n;
  }
}

/**
 * Decides whether this thread counts the process-wide metrics. One thread of a process does: the main thread if it has such
 * metrics, else the thread that already counts them, else the one with the lowest slot.
 */
export class ProcessWideMetrics {
  readonly #directory: string;
  readonly #isMain: boolean;
  readonly #token = processToken();
  #state: number;
  /** Refreshes to wait before deciding: by then the main thread has its slot. */
  #refreshesToWait = 2;
  #hasYielded = false;

  constructor(directory: string, isMain = isMainThread) {
    this.#directory = directory;
    this.#isMain = isMain || this.#token === 0n;
    this.#state = this.#isMain ? PROCESS_METRICS.ofMainThread : PROCESS_METRICS.waiting;
  }

  /** Whether a metric of this name is counted in the slot of this thread. */
  counts(name: string): boolean {
    return this.#isMain || this.#state === PROCESS_METRICS.ofThread || !isProcessWide(name);
  }

  /** Decides at a refresh which thread counts. @returns the metrics that left the slot */
  settle(metrics: Iterable<SharedMetric>, writer: SlotWriter | undefined): SharedMetric[] {
    const wide = [...metrics].filter(({ client }) => isProcessWide(client.name));
    if (writer === undefined || wide.length === 0) return [];
    const change = this.#decide(loadLibc(), writer);
    if (change === 'resumes') for (const metric of wide) metric.beginAtZero();
    if (change !== 'ends') return [];
    for (const metric of wide) metric.yieldCounting();
    return wide;
  }

  /** Returns the change for this thread. `resumes` if it counted before and another thread took over: it restarts at zero. */
  #decide(libc: Libc, writer: SlotWriter): 'begins' | 'resumes' | 'ends' | undefined {
    writer.publishProcessMetrics(this.#token, this.#state);
    if (this.#isMain || this.#refreshesToWait-- > 0) return undefined;
    const before = this.#state;
    const others = this.#others(libc, writer.slot);
    if (others === undefined) return undefined;
    const yields = others.some(
      ({ slot, state }) =>
        state === PROCESS_METRICS.ofMainThread || state > before || (state === before && slot < writer.slot),
    );
    this.#state = yields ? PROCESS_METRICS.waiting : PROCESS_METRICS.ofThread;
    writer.publishProcessMetrics(this.#token, this.#state);
    const hadYielded = this.#hasYielded;
    this.#hasYielded ||= yields;
    if (this.#state === before) return undefined;
    if (yields) return 'ends';
    return hadYielded ? 'resumes' : 'begins';
  }

  /** Slots of other threads of this process that have process-wide metrics; undefined if they cannot be read now. */
  #others(libc: Libc, own: number): { slot: number; state: number }[] | undefined {
    const others: { slot: number; state: number }[] = [];
    try {
      for (const name of readdirSync(this.#directory)) {
        const slot = slotOfFileName(name);
        if (slot === undefined || slot === own) continue;
        const path = join(this.#directory, name);
        const state = stateIn(path, this.#token);
        if (state !== PROCESS_METRICS.none && isHeld(libc, path)) others.push({ slot, state });
      }
      return others;
    } catch {
      // No directory or no free descriptors: the next refresh tries again.
      return undefined;
    }
  }
}

const header = Buffer.alloc(AT_PROCESS_METRICS + 4);

function stateIn(path: string, token: bigint): number {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return PROCESS_METRICS.none;
  }
  try {
    const bytes = readFully(fd, header, header.length, 0);
    if (bytes < header.length || header.readBigUInt64LE(AT_PROCESS) !== token) return PROCESS_METRICS.none;
    return header.readUInt32LE(AT_PROCESS_METRICS);
  } catch {
    return PROCESS_METRICS.none;
  } finally {
    closeSync(fd);
  }
}
