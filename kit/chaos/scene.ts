import { parseAccessLine } from '../../e2e/support/access-log.ts';
import { LogFollower } from '../../e2e/support/log-follower.ts';
import type { Stack } from '../../e2e/support/stack.ts';
import { poll, pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { type Balance, Books, balance } from './account/books.ts';
import { Deaths, type ExpectedDeath, parseExit } from './account/deaths.ts';
import { Ledger } from './account/ledger.ts';
import { AppShell } from './faults/app-shell.ts';
import { Census } from './observe/census.ts';
import { NumberedLoad } from './observe/numbered-load.ts';
import { countsOf, NOTHING, Scrapes } from './observe/scrapes.ts';
import { type FaultWindow, FaultWindows } from './observe/windows.ts';
import type { Fault } from './plan/plan.ts';

const CONNECTIONS = 12;
/** Leaves the processors to the workers that are starting. */
const PAUSE_MS = 20;
const REQUEST_TIMEOUT_MS = 30_000;
/** Nothing may change for so long before a book is closed. */
const AT_REST_MS = 400;
const DEADLINE_MS = 90_000;
const LOG_DEADLINE_MS = 3_000;
const HELD = 'is held at its last good values';

export interface SlotsReport {
  most: number;
  mostProcesses: number;
  readonly tooMany: string[];
}

export interface CloseOptions {
  readonly lossAllowed?: boolean;
  /** A death that need not have come. */
  readonly mayStillDie?: ExpectedDeath;
}

/** A stack under load with all that watches it. */
export class Scene {
  readonly stack: Stack;
  readonly ledger = new Ledger();
  readonly windows = new FaultWindows(CONNECTIONS);
  readonly deaths = new Deaths(this.windows);
  readonly books = new Books();
  readonly load: NumberedLoad;
  readonly scrapes: Scrapes;
  readonly census: Census;
  /** Two, as one of them may be busy with a command that takes its time. */
  readonly shell: AppShell;
  readonly slowShell: AppShell;
  /** Lines of the log that tell of a damaged slot. */
  damageTold = 0;
  /** Workers that stand still, and how to have them go on: those that are blocked do so by themselves. */
  readonly stopped = new Map<number, () => Promise<void>>();
  /** Most slot files, and processes, of any life of the application; and lives with more files than processes. */
  readonly slots: SlotsReport = { most: 0, mostProcesses: 0, tooMany: [] };
  readonly sharing: boolean;
  readonly #nginxLog: LogFollower;
  readonly #appLog: LogFollower;

  private constructor(stack: Stack, ids: { app: string; nginx: string }, seed: number, sharing: boolean) {
    this.stack = stack;
    this.sharing = sharing;
    this.load = new NumberedLoad(
      {
        origin: stack.publicUrl,
        connections: CONNECTIONS,
        pauseMs: PAUSE_MS,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        seed,
      },
      this.ledger,
    );
    this.#nginxLog = new LogFollower(ids.nginx, ({ text }) => {
      const entry = parseAccessLine(text);
      if (entry) this.ledger.take(entry);
    });
    this.#appLog = new LogFollower(ids.app, ({ text }) => {
      if (text.includes(HELD)) this.damageTold += 1;
      const exit = parseExit(text);
      if (exit) this.deaths.take(exit);
      this.census.headcount.take(text);
    });
    this.shell = new AppShell(ids.app);
    this.slowShell = new AppShell(ids.app);
    this.scrapes = new Scrapes(
      stack.metricsUrl + (sharing ? '/metrics' : '/demo/unshared'),
      this.ledger,
      this.windows,
    );
    this.census = new Census(stack);
  }

  /** The stack must run on ports of its own choice, which it keeps when a container is started again. */
  static async open(stack: Stack, seed: number, sharing = true): Promise<Scene> {
    const ids = { app: await stack.containerId('app'), nginx: await stack.containerId('nginx') };
    const scene = new Scene(stack, ids, seed, sharing);
    scene.books.base = countsOf(await scene.scrapes.next());
    scene.scrapes.base = scene.books.base;
    return scene;
  }

  /**
   * Lets all requests end and the log catch up, and holds what was counted against what was sent: exactly, as nothing is
   * in flight. The load stands still afterwards.
   */
  async closeBook({ lossAllowed = false, mayStillDie }: CloseOptions = {}): Promise<Balance> {
    await this.#rest(mayStillDie);
    const now = countsOf(await this.scrapes.next());
    const closed = balance(this.ledger, this.books.base, now);
    if (!lossAllowed) this.books.add(closed, new Date().toISOString());
    this.ledger.turnPage();
    this.books.base = now;
    this.scrapes.base = now;
    return closed;
  }

  async #rest(mayStillDie: ExpectedDeath | undefined): Promise<void> {
    for (const goOn of [...this.stopped.values()]) await goOn();
    await this.load.stop();
    await poll(
      'the end of each that must die',
      () => (this.deaths.pendingBut(mayStillDie) === 0 ? true : undefined),
      { deadlineMs: DEADLINE_MS },
    );
    let again = Date.now() + LOG_DEADLINE_MS;
    const giveUp = again + 3 * LOG_DEADLINE_MS;
    await poll(
      'a line of the log for each answer',
      () => {
        const since = this.ledger.unconfirmedSince();
        if (since === undefined) return true;
        if (Date.now() > again) {
          this.#nginxLog.again(since - LOG_DEADLINE_MS);
          again = Date.now() + LOG_DEADLINE_MS;
        }
        // What is missing then is a contradiction, and told as such.
        return Date.now() > giveUp ? true : undefined;
      },
      { deadlineMs: DEADLINE_MS },
    );
    await pollUntilStable(
      'log and counts',
      async () => [this.ledger.totals.attempted, this.sharing && countsOf(await this.scrapes.next())],
      { forMs: AT_REST_MS, deadlineMs: DEADLINE_MS },
    );
  }

  /** The fault begins: until the window is closed it may make requests fail. */
  open({ kind, type: { ends } }: Fault): FaultWindow {
    if (ends === undefined)
      throw new Error(`${kind} may make requests fail: its entry in the table needs \`ends\``);
    return this.windows.open(ends, kind, Date.now());
  }

  /** The fault is about to end a worker. */
  expectDeath({ kind, type: { ends } }: Fault, pid?: number): ExpectedDeath {
    if (ends !== 'death')
      throw new Error(`${kind} ends a worker: its entry in the table needs ends: 'death'`);
    return this.deaths.expect(kind, pid);
  }

  /** The primary is about to be killed. */
  endLife(): void {
    this.countSlots();
    this.ledger.endLife();
    this.books.base = NOTHING;
    this.scrapes.base = NOTHING;
  }

  beginLife(oldPids: readonly number[]): void {
    this.ledger.beginLife();
    this.deaths.endOfLife(oldPids);
    this.stopped.clear();
    this.census.beginLife();
    this.scrapes.beginLife();
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.scrapes.stop();
    await this.census.stop();
    this.#nginxLog.close();
    this.#appLog.close();
    this.shell.close();
    this.slowShell.close();
  }

  /** A damaged file stays beside the one that took its place: from the first damage on this is not to be asked. */
  countSlots(): void {
    const [files, processes] = [this.scrapes.mostSlots, this.census.headcount.most];
    const { slots } = this;
    slots.most = Math.max(slots.most, files);
    slots.mostProcesses = Math.max(slots.mostProcesses, processes);
    if (files > processes) slots.tooMany.push(`${files} slot files, but ${processes} processes at most`);
  }
}
