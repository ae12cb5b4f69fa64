import { setTimeout as delay } from 'node:timers/promises';
import type { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { WORKERS } from '../../e2e/support/stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { total } from '../test-kit/exposition.ts';
import { query, sumOfJob } from '../test-kit/prometheus.ts';
import { scrape } from '../test-kit/scrape.ts';
import { judge, type PrometheusFindings, type Report } from './account/report.ts';
import { type DamageDone, damage } from './faults/damage.ts';
import { FaultRunner, reasonOf } from './faults/fault-runner.ts';
import { planDamage, planFaults } from './plan/plan.ts';
import { Scene } from './scene.ts';

export interface RunOptions {
  readonly seed: number;
  /** Most process faults; they end after `minutes` at the latest. */
  readonly faults: number;
  readonly minutes: number;
  /** Number of times that each kind of file damage is done. */
  readonly damageRounds: number;
  /** False if the workers do not share metrics, which must fail the run. */
  readonly sharing?: boolean;
  /** Ends the run early; the report is still made. */
  readonly signal?: AbortSignal;
  readonly progress: (line: string) => void;
}

const MOST_UNDONE = 5;
const PROGRESS_EVERY_MS = 5_000;
const DEADLINE_MS = 90_000;

/** Injects faults under load and scrapes, then damages files. Returns the judged report. Never throws for a failed fault. */
export async function runChaos(stack: ComposeStack, options: RunOptions): Promise<Report> {
  const { seed, signal, progress, sharing = true } = options;
  const began = Date.now();
  const scene = await Scene.open(stack, seed, sharing);
  const state = new State(scene, progress);
  const { faults } = state;
  const timer = setInterval(() => progress(state.progress(began)), PROGRESS_EVERY_MS);
  let faultSeconds = 0;
  try {
    scene.load.start();
    const ends = began + options.minutes * 60_000;
    for (const fault of planFaults(seed, options.faults)) {
      if (Date.now() >= ends || signal?.aborted || faults.undone.length >= MOST_UNDONE) break;
      await faults.run(fault);
      scene.load.start();
      await delay(fault.pauseMs);
    }
    await faults.settle();
    faultSeconds = (Date.now() - began) / 1_000;
    await scene.closeInterval();
    scene.countSlots();
    for (const planned of sharing ? planDamage(seed, options.damageRounds) : []) {
      if (signal?.aborted) break;
      await state.damage(planned);
    }
    scene.load.start();
    await scene.closeInterval();
    if (sharing) await state.queryPrometheus(began);
  } catch (error) {
    faults.undone.push(`the run failed: ${reasonOf(error)}`);
  } finally {
    clearInterval(timer);
    await scene.close();
  }
  if (signal?.aborted) faults.undone.push('the run was interrupted');
  return judge({
    seed,
    began: new Date(began).toISOString(),
    seconds: (Date.now() - began) / 1_000,
    workers: WORKERS,
    faultSeconds: faultSeconds || (Date.now() - began) / 1_000,
    faults: faults.done,
    missed: faults.missed,
    faultLog: faults.log,
    undone: faults.undone,
    damage: state.damages,
    requests: scene.ledger.totals,
    books: scene.books.report,
    scrapes: scene.scrapes.report,
    failures: scene.windows.attribute(scene.ledger.failures),
    unexpectedExits: [...scene.status.unexpected, ...scene.exits.unexpected],
    slots: scene.slots,
    contradictions: scene.ledger.contradictions,
    prometheus: state.prometheus,
  });
}

/** Results so far. */
class State {
  readonly faults: FaultRunner;
  readonly damages: DamageDone[] = [];
  prometheus: PrometheusFindings | undefined;
  readonly #scene: Scene;
  readonly #progress: (line: string) => void;

  constructor(scene: Scene, progress: (line: string) => void) {
    this.#scene = scene;
    this.#progress = progress;
    this.faults = new FaultRunner(scene, progress);
  }

  async damage(planned: Parameters<typeof damage>[1]): Promise<void> {
    try {
      const done = await damage(this.#scene, planned);
      this.damages.push(done);
      this.#progress(`damage ${JSON.stringify(done)}`);
    } catch (error) {
      this.faults.undone.push(`damage ${planned.number}, ${planned.kind}: ${reasonOf(error)}`);
    }
  }

  /** Compares totals and resets in Prometheus with those of the metrics port. */
  async queryPrometheus(began: number): Promise<void> {
    const { stack } = this.#scene;
    const agrees = await poll(
      'the same total at the metrics port and in Prometheus',
      async () => {
        const expected = total(
          await scrape(`${stack.metricsUrl}/metrics`, DEADLINE_MS),
          'http_requests_total',
          {
            route: '/ping',
          },
        );
        const shown = await sumOfJob(stack.prometheusUrl, 'app', 'http_requests_total{route="/ping"}');
        if (shown !== expected) throw new Error(`Prometheus ${shown}, metrics port ${expected}`);
        return true;
      },
      { deadlineMs: DEADLINE_MS },
    ).catch((error: unknown) => {
      this.faults.undone.push(reasonOf(error));
      return false;
    });
    const window = Math.ceil((Date.now() - began) / 1_000);
    const resets = await query(stack.prometheusUrl, `resets(http_requests_total{route="/ping"}[${window}s])`);
    this.prometheus = { agrees, mostResets: Math.max(0, ...resets.map(({ value }) => value)) };
  }

  progress(began: number): string {
    const { ledger, scrapes, books } = this.#scene;
    const faults = Object.values(this.faults.done).reduce((sum, n) => sum + n, 0);
    const { sent, answered, failed } = ledger.totals;
    return (
      `${Math.round((Date.now() - began) / 1_000)} s: ${faults} faults, ${this.damages.length} files damaged; ` +
      `${sent} sent, ${answered} answered, ${failed} failed; ${scrapes.report.scrapes} scrapes, ` +
      `${scrapes.report.decreases.length} decreases, ${scrapes.report.resets} resets; lost ${books.report.lost}`
    );
  }
}
