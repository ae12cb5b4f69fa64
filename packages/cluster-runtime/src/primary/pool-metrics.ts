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
}

/**
 * What the primary alone knows of its pool. In a registry of its own that is not shared: the primary takes no slot, and
 * these start again from zero with the whole application, as all others do.
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
    help: 'Worker processes there should be',
    registers,
    collect() {
      this.set(pool.desired);
    },
  });
  const starts = new Counter({
    name: 'app_worker_starts_total',
    help: 'Worker processes started, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of START_REASONS) starts.inc({ reason }, 0);
  const exits = new Counter({
    name: 'app_worker_exits_total',
    help: 'Worker processes that ended, by reason: what the primary asked for, or the signal, or what it died of',
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
    help: 'Requests to the metrics server that the HTTP parser refused, by the code of its error',
    labelNames: ['code'],
    registers,
  });
  for (const code of PARSE_ERROR_CODES) parseErrors.inc({ code }, 0);
  observeEventLoopDelay({
    name: 'app_primary_eventloop_delay_seconds',
    help: 'How late a timer of the primary fires, sampled ten times a second',
    registers,
  });
  pool.on('start', (reason) => starts.inc({ reason }));
  pool.on('exit', (reason) => exits.inc({ reason }));
  return {
    registry,
    reloaded: (result) => reloads.inc({ result }),
    unparsed: (code) => parseErrors.inc({ code }),
  };
}
