import { availableParallelism } from 'node:os';
import type { BackEnd } from './c-functions.ts';
import { type Env, EnvironmentReader } from './environment.ts';

/** The runtime's settings. No other file of the runtime reads the environment. */
export interface Settings {
  /** Address that both servers listen on. */
  readonly host: string;
  /** Port of the workers. 0 takes any free port. */
  readonly port: number;
  /**
   * Standard input of the primary is a bound socket, which a supervisor keeps open. Workers listen on it, so that connections wait for
   * the next worker if all exit. `host` and `port` then name its address.
   */
  readonly listenOnStdin: boolean;
  /** With `listenOnStdin`: the port is closed when no worker has listened for this time. Keep it below the read timeout of the proxy. */
  readonly waitForWorkerMs: number;
  /** Port of the metrics server in the primary. 0 takes any free port. */
  readonly metricsPort: number;
  readonly workers: number;
  /** Directory of the shared metrics; undefined if sharing is off. prom-multiproc reads the same variable itself. */
  readonly metricsDirectory: string | undefined;
  /** How the C library is called: through koffi, or Node's own node:ffi. prom-multiproc reads the same variable itself. */
  readonly ffi: BackEnd;
  /** False switches all metrics off, to measure what they cost. */
  readonly metrics: boolean;
  /** Whether the histogram of request durations carries trace ids as exemplars. */
  readonly exemplars: boolean;
  /** An overloaded worker sheds requests that waited longer than this. 0: never. */
  readonly maxWaitMs: number;
  /** Whether a client's `traceparent` is accepted. Strangers could then choose the trace ids in logs and exemplars. */
  readonly acceptTraceparent: boolean;
  /** Limit of requests in flight in one worker. Further requests are shed. 0: no limit. */
  readonly maxInFlight: number;
  /**
   * Longest time for the head of a request to arrive, and for each MiB of its body. A request that takes longer gets 408, and its
   * connection is closed.
   */
  readonly requestTimeoutMs: number;
  /** Time from the first 503 of `/readyz` to the closing of the port, so that a load balancer stops sending requests. */
  readonly drainWaitMs: number;
  /** Longest time a draining worker waits for its requests and idle connections. */
  readonly drainTimeoutMs: number;
  /** At a planned end the primary serves metrics until each scraper has seen the last counts. */
  readonly finalScrape: boolean;
  /**
   * File whose existence makes a SIGTERM a planned end. Undefined: each one is. supervisord also sends it for a restart of the
   * application.
   */
  readonly plannedEndMark: string | undefined;
  /** File whose existence makes the primary wait for the final scrape, whatever `finalScrape` is. */
  readonly finalScrapeMark: string | undefined;
  /**
   * The primary exits if no worker was stable (ready for 500 ms) during this time and at least one worker exited early (before it was
   * stable).
   */
  readonly giveUpMs: number;
  /** A worker that is not ready after this time is killed and replaced. */
  readonly startTimeoutMs: number;
  /**
   * A worker that does not answer the primary for this time is killed and replaced. 0: never. Keep it below the read timeout of
   * the proxy (10 s): the proxy can then retry on another worker.
   */
  readonly workerTimeoutMs: number;
  /** A worker is replaced after this number of requests plus a random number up to `maxRequestsJitter`. 0: never. */
  readonly maxRequests: number;
  readonly maxRequestsJitter: number;
  /** A worker is replaced when its resident memory reaches this number of megabytes. 0: never. */
  readonly maxMemoryMb: number;
  /** A request that takes this long or longer is logged. */
  readonly slowRequestMs: number;
  /** Port of the inspector of a worker, through which a client can run any code in it. 0: none. */
  readonly inspect: number;
}

/** @throws SettingsError that names each invalid variable, its value and the allowed values */
export function readSettings(env: Env = process.env): Settings {
  const variables = new EnvironmentReader(env);
  const settings: Settings = {
    host: variables.text('HOST', '127.0.0.1'),
    port: variables.integer('PORT', 8041, 0, 65535),
    listenOnStdin: variables.flag('LISTEN_ON_STDIN', false),
    waitForWorkerMs: variables.integer('WAIT_FOR_WORKER_MS', 3_000, 0, 60_000),
    metricsPort: variables.integer('METRICS_PORT', 9041, 0, 65535),
    workers: variables.integer('WORKERS', availableParallelism(), 1, 512),
    metricsDirectory: variables.text('PROMETHEUS_MULTIPROC_DIR', undefined),
    ffi: variables.choice('PROM_MULTIPROC_FFI', 'koffi', ['koffi', 'node']),
    metrics: variables.flag('METRICS', true),
    exemplars: variables.flag('EXEMPLARS', true),
    maxWaitMs: variables.integer('MAX_WAIT_MS', 200, 0, 60_000),
    acceptTraceparent: variables.flag('ACCEPT_TRACEPARENT', false),
    maxInFlight: variables.integer('MAX_IN_FLIGHT', 1000, 0, 100_000),
    requestTimeoutMs: variables.integer('REQUEST_TIMEOUT_MS', 30_000, 1_000, 600_000),
    drainWaitMs: variables.integer('DRAIN_WAIT_MS', 1000, 0, 60_000),
    drainTimeoutMs: variables.integer('DRAIN_TIMEOUT_MS', 8000, 0, 600_000),
    finalScrape: variables.flag('FINAL_SCRAPE', false),
    plannedEndMark: variables.text('PLANNED_END_MARK', undefined),
    finalScrapeMark: variables.text('FINAL_SCRAPE_MARK', undefined),
    giveUpMs: variables.integer('GIVE_UP_MS', 20_000, 100, 600_000),
    startTimeoutMs: variables.integer('START_TIMEOUT_MS', 30_000, 100, 600_000),
    workerTimeoutMs: variables.integer('WORKER_TIMEOUT_MS', 5_000, 0, 600_000),
    maxRequests: variables.integer('MAX_REQUESTS', 0, 0, 999_999_999),
    maxRequestsJitter: variables.integer('MAX_REQUESTS_JITTER', 0, 0, 999_999_999),
    maxMemoryMb: variables.integer('MAX_MEMORY_MB', 0, 0, 1_000_000),
    slowRequestMs: variables.integer('SLOW_REQUEST_MS', 1000, 1, 600_000),
    inspect: variables.integer('INSPECT', 0, 0, 65535),
  };
  if (settings.port !== 0 && settings.port === settings.metricsPort) {
    variables.problem(`PORT and METRICS_PORT are both ${settings.port}: set two different ports`);
  }
  variables.throwProblems();
  return settings;
}
