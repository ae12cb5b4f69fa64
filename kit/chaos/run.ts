import { setTimeout as delay } from 'node:timers/promises';
import type { Stack } from '../../e2e/support/stack.ts';
import { WORKERS } from '../../e2e/support/stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { total } from '../test-kit/exposition.ts';
import { query, sumOfJob } from '../test-kit/prometheus.ts';
import { scrape } from '../test-kit/scrape.ts';
import { type FaultDone, judge, type PrometheusFindings, type Report } from './account/report.ts';
import { type DamageDone, damage } from './faults/damage.ts';
import { perform } from './plan/perform.ts';
import { type Fault, type FaultKind, planDamage, planFaults } from './plan/plan.ts';
import { Scene } from './scene.ts';

export interface RunOptions {
  readonly seed: number;
  /** The process faults end after so many of them, or so long, whichever comes first. */
  readonly faults: number;
  readonly minutes: number;
  /** How often each kind of file damage is done. */
  readonly damageRounds: number;
  /** False where the app runs without its shared directory, to see the run turn red. */
  readonly sharing?: boolean;
  /** Ends the run early, but in order. */
  readonly signal?: AbortSignal;
  readonly say: (line: string) => void;
}

/** They take their time, and the next faults go on beside them. */
const BESIDE: ReadonlySet<FaultKind> = new Set(['throw', 'out-of-memory', 'block', 'restart-prometheus']);
/** These need the stack for themselves. */
const ALONE: ReadonlySet<FaultKind> = new Set(['kill-primary', 'restart-nginx', 'restart-prometheus']);
const MOST_UNDONE = 5;
/** A fault that met nobody is done again, as a kind of which none met anybody shows nothing. */
const MOST_TRIES = 5;
const PROGRESS_EVERY_MS = 5_000;
const DEADLINE_MS = 90_000;

/** Faults, load and scrapes all at once, then damaged files; all of it watched, and judged at the end. */
export async function runChaos(stack: Stack, options: RunOptions): Promise<Report> {
  const { seed, signal, say, sharing = true } = options;
  const began = Date.now();
  const scene = await Scene.open(stack, seed, sharing);
  const state = new State(scene, say);
  const progress = setInterval(() => say(state.progress(began)), PROGRESS_EVERY_MS);
  let faultSeconds = 0;
  try {
    scene.load.start();
    const ends = began + options.minutes * 60_000;
    for (const fault of planFaults(seed, options.faults)) {
      if (Date.now() >= ends || signal?.aborted || state.undone.length >= MOST_UNDONE) break;
      await state.fault(fault);
      scene.load.start();
      await delay(fault.pauseMs);
    }
    await state.settle();
    faultSeconds = (Date.now() - began) / 1_000;
    await scene.closeBook();
    scene.countSlots();
    for (const planned of sharing ? planDamage(seed, options.damageRounds) : []) {
      if (signal?.aborted) break;
      await state.damage(planned);
    }
    scene.load.start();
    await scene.closeBook();
    if (sharing) await state.askPrometheus(began);
  } catch (error) {
    state.undone.push(`the run ended early: ${reasonOf(error)}`);
  } finally {
    clearInterval(progress);
    await scene.close();
  }
  if (signal?.aborted) state.undone.push('the run was interrupted');
  return judge({
    seed,
    began: new Date(began).toISOString(),
    seconds: (Date.now() - began) / 1_000,
    workers: WORKERS,
    faultSeconds: faultSeconds || (Date.now() - began) / 1_000,
    faults: state.done,
    missed: state.missed,
    faultLog: state.faultLog,
    undone: state.undone,
    damage: state.damages,
    requests: scene.ledger.totals,
    books: scene.books.report,
    scrapes: scene.scrapes.report,
    failures: scene.windows.attribute(scene.ledger.failures),
    unexpectedDeaths: [...scene.census.unexpected, ...scene.deaths.unexpected],
    slots: scene.slots,
    contradictions: scene.ledger.contradictions,
    prometheus: state.prometheus,
  });
}

/** What was done so far. */
class State {
  readonly done: Partial<Record<FaultKind, number>> = {};
  readonly faultLog: FaultDone[] = [];
  readonly undone: string[] = [];
  readonly damages: DamageDone[] = [];
  missed = 0;
  prometheus: PrometheusFindings | undefined;
  readonly #scene: Scene;
  readonly #say: (line: string) => void;
  readonly #beside = new Set<Promise<void>>();

  constructor(scene: Scene, say: (line: string) => void) {
    this.#scene = scene;
    this.#say = say;
  }

  async fault(fault: Fault): Promise<void> {
    if (ALONE.has(fault.kind)) await this.settle();
    const doing = this.#do(fault);
    if (!BESIDE.has(fault.kind)) {
      await doing;
      return;
    }
    this.#beside.add(doing);
    void doing.finally(() => this.#beside.delete(doing));
  }

  /** Waits for what is done beside. */
  async settle(): Promise<void> {
    await Promise.all(this.#beside);
  }

  async damage(planned: Parameters<typeof damage>[1]): Promise<void> {
    try {
      const done = await damage(this.#scene, planned);
      this.damages.push(done);
      this.#say(`damage ${JSON.stringify(done)}`);
    } catch (error) {
      this.undone.push(`damage ${planned.number}, ${planned.kind}: ${reasonOf(error)}`);
    }
  }

  /** What Prometheus recorded must say the same as the metrics door, and know of no other resets. */
  async askPrometheus(began: number): Promise<void> {
    const { stack } = this.#scene;
    const agrees = await poll(
      'the same total at the metrics door and in Prometheus',
      async () => {
        const door = total(await scrape(`${stack.doorUrl}/metrics`, DEADLINE_MS), 'http_requests_total', {
          route: '/ping',
        });
        const shown = await sumOfJob(stack.prometheusUrl, 'app', 'http_requests_total{route="/ping"}');
        if (shown !== door) throw new Error(`Prometheus ${shown}, metrics door ${door}`);
        return true;
      },
      { deadlineMs: DEADLINE_MS },
    ).catch((error: unknown) => {
      this.undone.push(reasonOf(error));
      return false;
    });
    const window = Math.ceil((Date.now() - began) / 1_000);
    const resets = await query(stack.prometheusUrl, `resets(http_requests_total{route="/ping"}[${window}s])`);
    this.prometheus = { agrees, mostResets: Math.max(0, ...resets.map(({ value }) => value)) };
  }

  progress(began: number): string {
    const { ledger, scrapes, books } = this.#scene;
    const faults = Object.values(this.done).reduce((sum, n) => sum + n, 0);
    const { sent, answered, failed } = ledger.totals;
    return (
      `${Math.round((Date.now() - began) / 1_000)} s: ${faults} faults, ${this.damages.length} files damaged; ` +
      `${sent} sent, ${answered} answered, ${failed} failed; ${scrapes.report.scrapes} scrapes, ` +
      `${scrapes.report.decreases.length} decreases, ${scrapes.report.resets} resets; lost ${books.report.lost}`
    );
  }

  async #do(fault: Fault): Promise<void> {
    try {
      for (let tries = 1; !(await this.#try(fault)) && tries < MOST_TRIES; tries++)
        await delay(fault.pauseMs);
    } catch (error) {
      const what = `fault ${fault.number}, ${fault.kind}: ${reasonOf(error)}`;
      this.#say(what);
      this.undone.push(what);
    }
  }

  async #try(fault: Fault): Promise<boolean> {
    const { number, kind } = fault;
    const from = new Date().toISOString();
    const met = await perform(this.#scene, fault);
    if (met) this.done[kind] = (this.done[kind] ?? 0) + 1;
    else this.missed += 1;
    this.faultLog.push({ number, kind, met, from, to: new Date().toISOString() });
    return met;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
