import { Agent, request as send } from 'node:http';

export interface LoadOptions {
  readonly url: string;
  /** Sent by POST; without a body the method is GET. */
  readonly body?: string;
  /** Keep-alive connections, each with one request in flight. */
  readonly connections: number;
  readonly maxRequests: number;
  readonly durationMs: number;
  readonly requestTimeoutMs: number;
  /** Pause of each connection between two requests; default none. */
  readonly pauseMs?: number;
}

/** Each request is counted exactly once: a complete answer in `byStatus`, or a failure in `byCause`. */
export interface LoadReport {
  sent: number;
  answered: number;
  failed: number;
  readonly byStatus: Record<string, number>;
  readonly byCause: Record<string, number>;
  slowestMs: number;
}

export interface Load {
  /** Updated until `done` resolves. */
  readonly report: LoadReport;
  readonly done: Promise<LoadReport>;
  /** Sends no new request; resolves when those in flight have finished. */
  stop(): Promise<LoadReport>;
}

/** Sends requests on keep-alive connections until maxRequests or durationMs is reached. Throws unless the host is 127.0.0.1. */
export function startLoad(options: LoadOptions): Load {
  const { hostname } = new URL(options.url);
  if (hostname !== '127.0.0.1') throw new Error(`load goes to 127.0.0.1 only, not to ${hostname}`);
  const report: LoadReport = { sent: 0, answered: 0, failed: 0, byStatus: {}, byCause: {}, slowestMs: 0 };
  const ends = Date.now() + options.durationMs;
  let stopped = false;

  const connection = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      while (!stopped && report.sent < options.maxRequests && Date.now() < ends) {
        report.sent += 1;
        await accountFor(request(options, agent), report);
        if (options.pauseMs) await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
      }
    } finally {
      agent.destroy();
    }
  };

  const done = Promise.all(Array.from({ length: options.connections }, connection)).then(() => report);
  return {
    report,
    done,
    stop() {
      stopped = true;
      return done;
    },
  };
}

async function accountFor(answer: Promise<number>, report: LoadReport): Promise<void> {
  const began = performance.now();
  try {
    const status = await answer;
    report.answered += 1;
    report.byStatus[status] = (report.byStatus[status] ?? 0) + 1;
  } catch (error) {
    const cause = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    report.failed += 1;
    report.byCause[cause] = (report.byCause[cause] ?? 0) + 1;
  }
  report.slowestMs = Math.max(report.slowestMs, performance.now() - began);
}

/** Resolves to the status once the whole body has arrived; rejects if it does not arrive. */
function request({ url, body, requestTimeoutMs }: LoadOptions, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = send(url, { agent, method }, (response) => {
      response.on('error', settle(reject));
      response.on(
        'end',
        settle(() => resolve(response.statusCode!)),
      );
      response.resume();
    });
    const timer = setTimeout(() => sent.destroy(new Error('timeout')), requestTimeoutMs);
    function settle<A>(then: (argument: A) => void): (argument: A) => void {
      return (argument) => {
        clearTimeout(timer);
        then(argument);
      };
    }
    sent.on('error', settle(reject));
    sent.end(body);
  });
}
