import { HttpConnection, type WholeAnswer } from './http-connection.ts';

export interface OpenLoopOptions {
  readonly url: string;
  /** Requests a second, evenly spaced, independent of earlier responses. */
  readonly rate: number;
  readonly durationMs: number;
  /** At this many requests in flight, further ones wait for a connection; the wait counts as latency. */
  readonly maxConnections: number;
  readonly timeoutMs: number;
}

/** Each intended request is counted exactly once: a complete answer in `byStatus`, or a failure in `byCause`. */
export interface OpenLoopReport {
  readonly intended: number;
  answered: number;
  failed: number;
  readonly byStatus: Record<string, number>;
  readonly byCause: Record<string, number>;
  /** Milliseconds from the intended time of sending to the end of the answer, by status. */
  readonly latencies: Record<string, number[]>;
  /** Responses 429 and 503 without Retry-After. */
  withoutRetryAfter: number;
  /** The longest delay of the load generator itself, in milliseconds. */
  latestMs: number;
  mostConnections: number;
}

export interface OpenLoop {
  /** Updated until `done` resolves. */
  readonly report: OpenLoopReport;
  readonly done: Promise<OpenLoopReport>;
}

const MOST_REQUESTS = 1_000_000;
const SWEEP_MS = 100;

/**
 * Sends requests at a fixed rate and measures latency from the intended time of sending. A slow server cannot reduce the rate or
 * hide waiting requests (coordinated omission). Throws unless the host is 127.0.0.1.
 */
export function startOpenLoop(options: OpenLoopOptions): OpenLoop {
  const { url, rate, durationMs, maxConnections, timeoutMs } = options;
  const { hostname, port, pathname, search } = new URL(url);
  if (hostname !== '127.0.0.1') throw new Error(`load goes to 127.0.0.1 only, not to ${hostname}`);
  const intended = Math.min(MOST_REQUESTS, Math.max(1, Math.round((rate * durationMs) / 1000)));
  const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
  const report: OpenLoopReport = {
    intended,
    answered: 0,
    failed: 0,
    byStatus: {},
    byCause: {},
    latencies: {},
    withoutRetryAfter: 0,
    latestMs: 0,
    mostConnections: 0,
  };
  const idle: HttpConnection[] = [];
  const open = new Set<HttpConnection>();
  /** Intended times of the requests that waited for a connection; those from `firstWaiting` on still wait. */
  const waiting: number[] = [];
  let firstWaiting = 0;
  let begun = 0;
  const { promise: done, resolve } = Promise.withResolvers<OpenLoopReport>();
  const start = performance.now();

  function end(): void {
    if (report.answered + report.failed < intended) return;
    clearInterval(sweeping);
    for (const connection of open) connection.destroy();
    resolve(report);
  }

  function fail(cause: string): void {
    report.failed++;
    report.byCause[cause] = (report.byCause[cause] ?? 0) + 1;
    end();
  }

  function take({ status, hasRetryAfter }: WholeAnswer, due: number): void {
    report.answered++;
    report.byStatus[status] = (report.byStatus[status] ?? 0) + 1;
    report.latencies[status] ??= [];
    report.latencies[status].push(performance.now() - due);
    if ((status === 503 || status === 429) && !hasRetryAfter) report.withoutRetryAfter++;
    end();
  }

  function connect(): HttpConnection {
    const connection: HttpConnection = new HttpConnection(Number(port), {
      onAnswer: take,
      onFailure: fail,
      onIdle() {
        const next = waiting[firstWaiting];
        if (next === undefined) {
          idle.push(connection);
        } else {
          firstWaiting++;
          send(connection, next);
        }
      },
      onClose() {
        open.delete(connection);
        const at = idle.indexOf(connection);
        if (at >= 0) idle.splice(at, 1);
        const next = waiting[firstWaiting];
        if (next !== undefined && open.size < maxConnections) {
          firstWaiting++;
          send(connect(), next);
        }
      },
    });
    open.add(connection);
    report.mostConnections = Math.max(report.mostConnections, open.size);
    return connection;
  }

  function send(connection: HttpConnection, due: number): void {
    connection.send(request, due);
  }

  function issue(due: number, now: number): void {
    report.latestMs = Math.max(report.latestMs, now - due);
    const connection = idle.pop() ?? (open.size < maxConnections ? connect() : undefined);
    if (connection === undefined) waiting.push(due);
    else send(connection, due);
  }

  function tick(): void {
    const now = performance.now();
    const due = Math.min(intended, Math.ceil(((now - start) * rate) / 1000));
    while (begun < due) issue(start + (begun++ * 1000) / rate, now);
    if (begun < intended) setTimeout(tick, 1);
  }

  const sweeping = setInterval(() => {
    const latest = performance.now() - timeoutMs;
    for (const connection of open) if (connection.due < latest) connection.giveUp('timeout');
    while (waiting[firstWaiting]! < latest) {
      firstWaiting++;
      fail('never sent');
    }
  }, SWEEP_MS);

  tick();
  return { report, done };
}
