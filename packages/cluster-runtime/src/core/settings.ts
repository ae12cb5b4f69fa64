import { availableParallelism } from 'node:os';
import { type Env, EnvironmentReader } from './environment.ts';

/** All that the environment says to the runtime: no other file reads it. */
export interface Settings {
  /** Address both servers listen on. */
  readonly host: string;
  /** Requests, answered by the workers. 0 takes any free port. */
  readonly port: number;
  /** Metrics and status, answered by the primary. 0 takes any free port. */
  readonly metricsPort: number;
  readonly workers: number;
  /**
   * The directory of the shared metrics; undefined where each worker counts for itself. prom-multiproc reads the same
   * variable by itself.
   */
  readonly metricsDirectory: string | undefined;
  /** False measures nothing at all: only to find out what measuring costs. */
  readonly metrics: boolean;
  /** A request that waited longer than this for those before it in its worker is shed; 0 for never. */
  readonly maxWaitMs: number;
  /** Requests begun and not ended in one worker, beyond which the next is shed; 0 for no limit. */
  readonly maxInFlight: number;
  /** A request whose head and body have not arrived whole after so long gets a 408, and its connection ends. */
  readonly requestTimeoutMs: number;
  /** Between failing readiness and closing the public port: time for a balancer to see it. */
  readonly drainWaitMs: number;
  /** Longest time a draining worker waits for its requests and idle connections. */
  readonly drainTimeoutMs: number;
  /** The primary gives up when it could not keep a single worker for so long, and one has died or was killed meanwhile. */
  readonly giveUpMs: number;
  /** A worker that is not ready after so long is killed and replaced. */
  readonly startTimeoutMs: number;
  /**
   * A worker that does not answer the primary for so long is killed and replaced; 0 for never. Below the proxy's read
   * timeout (10 s), so that it can still hand what hangs there to another one.
   */
  readonly workerTimeoutMs: number;
  /** A worker is replaced after so many requests and up to `maxRequestsJitter` more; 0 for never. */
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  /** A worker is replaced when it holds so many megabytes of memory; 0 for never. */
  readonly maxMemoryMb: number;
  /** A request that took so long is logged. */
  readonly slowRequestMs: number;
}

/** @throws SettingsError that names each wrong variable, its value and what to set */
export function readSettings(env: Env = process.env): Settings {
  const variables = new EnvironmentReader(env);
  const settings: Settings = {
    host: variables.text('HOST', '127.0.0.1'),
    port: variables.integer('PORT', 8041, 0, 65535),
    metricsPort: variables.integer('METRICS_PORT', 9041, 0, 65535),
    workers: variables.integer('WORKERS', availableParallelism(), 1, 512),
    metricsDirectory: variables.text('PROMETHEUS_MULTIPROC_DIR', undefined),
    metrics: variables.flag('METRICS', true),
    maxWaitMs: variables.integer('MAX_WAIT_MS', 200, 0, 60_000),
    maxInFlight: variables.integer('MAX_IN_FLIGHT', 1000, 0, 100_000),
    requestTimeoutMs: variables.integer('REQUEST_TIMEOUT_MS', 30_000, 1_000, 600_000),
    drainWaitMs: variables.integer('DRAIN_WAIT_MS', 1000, 0, 60_000),
    drainTimeoutMs: variables.integer('DRAIN_TIMEOUT_MS', 8000, 0, 600_000),
    giveUpMs: variables.integer('GIVE_UP_MS', 20_000, 100, 600_000),
    startTimeoutMs: variables.integer('START_TIMEOUT_MS', 30_000, 100, 600_000),
    workerTimeoutMs: variables.integer('WORKER_TIMEOUT_MS', 5_000, 0, 600_000),
    maxRequests: variables.integer('MAX_REQUESTS', 0, 0, 999_999_999),
    maxRequestsJitter: variables.integer('MAX_REQUESTS_JITTER', 0, 0, 999_999_999),
    maxMemoryMb: variables.integer('MAX_MEMORY_MB', 0, 0, 1_000_000),
    slowRequestMs: variables.integer('SLOW_REQUEST_MS', 1000, 1, 600_000),
  };
  if (settings.port !== 0 && settings.port === settings.metricsPort) {
    variables.problem(`PORT and METRICS_PORT are both ${settings.port}: set two different ports`);
  }
  variables.throwProblems();
  return settings;
}
