import { Counter, Gauge, Registry } from 'prom-client';
import { observeEventLoopDelay } from '../core/event-loop-delay.ts';
import type { WorkerState } from '../core/status.ts';
import { PARSE_ERROR_CODES } from '../http/parse-errors.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { StartReason } from './worker-process.ts';

const STATES: readonly WorkerState[] = ['starting', 'ready', 'draining'];
const START_REASONS: readonly StartReason[] = ['boot', 'crash', 'reload', 'scale', 'recycle'];

export interface PoolMetrics {
  readonly registry: Registry;
  reloaded(result: 'done' | 'failed'): void;
  unparsed(code: string): void;
  /** Call it for each request to the metrics server. */
  readonly onRequest: () => void;
}

/**
 * Creates the metrics of the worker pool, in a registry that is not shared: the primary takes no slot. The series restart from zero
 * with the whole application, like all others.
 */
export function createPoolMetrics(pool: WorkerPool): PoolMetrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'app_workers',
    help: 'Worker processes, by state',
    labelNames: ['state'],
    registers,
    collect() {
      const workers = pool.status();
      for (const state of STATES) this.set({ state }, workers.filter((one) => one.state === state).length);
    },
  });
  new Gauge({
    name: 'app_workers_desired',
    help: 'Desired number of worker processes',
    registers,
    collect() {
      this.set(pool.desired);
    },
  });
  const starts = new Counter({
    name: 'app_worker_starts_total',
    help: 'Starts of worker processes, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of START_REASONS) starts.inc({ reason }, 0);
  const exits = new Counter({
    name: 'app_worker_exits_total',
    help: 'Exits of worker processes, by exit reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of ['exit', 'uncaught', 'oom', 'stuck', 'SIGKILL']) exits.inc({ reason }, 0);
  const reloads = new Counter({
    name: 'app_reloads_total',
    help: 'Reloads, by result',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['done', 'failed']) reloads.inc({ result }, 0);
  const parseErrors = new Counter({
    name: 'app_metrics_server_parse_errors_total',
    help: 'Requests to the metrics server that the HTTP parser refused, by error code',
    labelNames: ['code'],
    registers,
  });
  for (const code of PARSE_ERROR_CODES) parseErrors.inc({ code }, 0);
  const sampler = observeEventLoopDelay({
    name: 'app_primary_eventloop_delay_seconds',
    help: 'Event loop delay of the primary in seconds, sampled ten times a second under load',
    registers,
  });
  pool.on('start', (reason) => starts.inc({ reason }));
  pool.on('exit', (reason) => exits.inc({ reason }));
  return {
    registry,
    reloaded: (result) => reloads.inc({ result }),
    unparsed: (code) => parseErrors.inc({ code }),
    onRequest: sampler.wake,
  };
}
