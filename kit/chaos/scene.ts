import { parseAccessLine } from '../../e2e/support/access-log.ts';
import type { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { LogFollower } from '../../e2e/support/log-follower.ts';
import { poll, pollUntilStable } from '../../packages/prom-multiproc/test/support/poll.ts';
import { type Balance, Books, balance } from './account/books.ts';
import { Ledger } from './account/ledger.ts';
import { type ExpectedExit, parseExit, WorkerExits } from './account/worker-exits.ts';
import { AppShell } from './faults/app-shell.ts';
import { NumberedLoad } from './observe/numbered-load.ts';
import { countsOf, NOTHING, Scrapes } from './observe/scrapes.ts';
import { StatusWatch } from './observe/status-watch.ts';
import { type FaultWindow, FaultWindows } from './observe/windows.ts';
import type { Fault } from './plan/plan.ts';

const CONNECTIONS = 12;
/** Leaves processor time to starting workers. */
const PAUSE_MS = 20;
const REQUEST_TIMEOUT_MS = 30_000;
/** Counts and log must be unchanged for this long at the end of an interval. */
const AT_REST_MS = 400;
const DEADLINE_MS = 90_000;
const LOG_DEADLINE_MS = 3_000;
const HELD = 'The totals keep its last good values';

export interface SlotsReport {
  most: number;
  mostProcesses: number;
  readonly tooMany: string[];
}

export interface CloseOptions {
  readonly lossAllowed?: boolean;
  /** An exit that is not waited for. */
  readonly optionalExit?: ExpectedExit;
}

/** A stack under load, with its observers and its account. */
export class Scene {
  readonly stack: ComposeStack;
  readonly ledger = new Ledger();
  readonly windows = new FaultWindows(CONNECTIONS);
  readonly exits = new WorkerExits(this.windows);
  readonly books = new Books();
  readonly load: NumberedLoad;
  readonly scrapes: Scrapes;
  readonly status: StatusWatch;
  /** Two shells, because one may be busy with a slow command. */
  readonly shell: AppShell;
  readonly slowShell: AppShell;
  /** Log lines that report a damaged slot. */
  damageReports = 0;
  /** Stopped or blocked workers, with a function that resumes them. A blocked worker resumes by itself. */
  readonly stopped = new Map<number, () => Promise<void>>();
  /** Most slot files and processes of any start of the app, and starts with more files than processes. */
  readonly slots: SlotsReport = { most: 0, mostProcesses: 0, tooMany: [] };
  readonly sharing: boolean;
  readonly #nginxLog: LogFollower;
  readonly #appLog: LogFollower;

  private constructor(
    stack: ComposeStack,
    ids: { app: string; nginx: string },
    seed: number,
    sharing: boolean,
  ) {
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
      if (text.includes(HELD)) this.damageReports += 1;
      const exit = parseExit(text);
      if (exit) this.exits.take(exit);
      this.status.processCount.take(text);
    });
    this.shell = new AppShell(ids.app);
    this.slowShell = new AppShell(ids.app);
    this.scrapes = new Scrapes(
      stack.metricsUrl + (sharing ? '/metrics' : '/demo/unshared'),
      this.ledger,
      this.windows,
    );
    this.status = new StatusWatch(stack);
  }

  /** The ports of the stack must not change when a container restarts: startChaosStack. */
  static async open(stack: ComposeStack, seed: number, sharing = true): Promise<Scene> {
    const ids = { app: await stack.containerId('app'), nginx: await stack.containerId('nginx') };
    const scene = new Scene(stack, ids, seed, sharing);
    scene.books.base = countsOf(await scene.scrapes.next());
    scene.scrapes.base = scene.books.base;
    return scene;
  }

  /** Stops the load, waits for all requests and log lines, and balances the counts with the requests. The load stays stopped. */
  async closeInterval({ lossAllowed = false, optionalExit }: CloseOptions = {}): Promise<Balance> {
    await this.#rest(optionalExit);
    const now = countsOf(await this.scrapes.next());
    const closed = balance(this.ledger, this.books.base, now);
    if (!lossAllowed) this.books.add(closed, new Date().toISOString());
    this.ledger.beginInterval();
    this.books.base = now;
    this.scrapes.base = now;
    return closed;
  }

  async #rest(optionalExit: ExpectedExit | undefined): Promise<void> {
    for (const resume of [...this.stopped.values()]) await resume();
    await this.load.stop();
    await poll(
      'the exit of every victim',
      () => (this.exits.pendingExcept(optionalExit) === 0 ? true : undefined),
      { deadlineMs: DEADLINE_MS },
    );
    let again = Date.now() + LOG_DEADLINE_MS;
    const giveUp = again + 3 * LOG_DEADLINE_MS;
    await poll(
      'a log line for each answer',
      () => {
        const since = this.ledger.unconfirmedSince();
        if (since === undefined) return true;
        if (Date.now() > again) {
          this.#nginxLog.again(since - LOG_DEADLINE_MS);
          again = Date.now() + LOG_DEADLINE_MS;
        }
        // A line that is still missing is reported as a contradiction.
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

  /** Opens the window in which the fault may make requests fail. @throws Error if its entry has no `ends` */
  open({ kind, type: { ends } }: Fault): FaultWindow {
    if (ends === undefined)
      throw new Error(`${kind} may make requests fail: its entry in the table needs \`ends\``);
    return this.windows.open(ends, kind, Date.now());
  }

  /** Expects the exit of a worker by this fault. @throws Error if its entry does not end a worker */
  expectExit({ kind, type: { ends } }: Fault, pid?: number): ExpectedExit {
    if (ends !== 'worker')
      throw new Error(`${kind} ends a worker: its entry in the table needs ends: 'worker'`);
    return this.exits.expect(kind, pid);
  }

  /** Call before the primary is killed. */
  beginRestart(): void {
    this.countSlots();
    this.ledger.beginRestart();
    this.books.base = NOTHING;
    this.scrapes.base = NOTHING;
  }

  endRestart(oldPids: readonly number[]): void {
    this.ledger.endRestart();
    this.exits.primaryKilled(oldPids);
    this.stopped.clear();
    this.status.endRestart();
    this.scrapes.endRestart();
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.scrapes.stop();
    await this.status.stop();
    this.#nginxLog.close();
    this.#appLog.close();
    this.shell.close();
    this.slowShell.close();
  }

  /** Records the slot files and processes of this start. Not valid after file damage, when a damaged file stays beside its replacement. */
  countSlots(): void {
    const [files, processes] = [this.scrapes.mostSlots, this.status.processCount.most];
    const { slots } = this;
    slots.most = Math.max(slots.most, files);
    slots.mostProcesses = Math.max(slots.mostProcesses, processes);
    if (files > processes) slots.tooMany.push(`${files} slot files, but at most ${processes} processes`);
  }
}
