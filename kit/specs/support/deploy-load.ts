import { Agent, request } from 'node:http';

const RATE = 300;
/** One request in this number is slow. */
const SLOW_EVERY = 50;
const SLOW_PATH = '/wait?ms=3000';
const TICK_MS = 10;
/** Longer than any timeout of nginx. */
const TIMEOUT_MS = 30_000;
const MOST_REQUESTS = 200_000;
const BODY = 'x'.repeat(200);

export type Method = 'GET' | 'POST';

export interface Outcome {
  sent: number;
  /** With status 200 and the whole body. */
  answered: number;
  /** Other answers by status, and requests without an answer by error code. */
  readonly failed: Record<string, number>;
}

/**
 * Sends 300 requests a second to the public port until `stop`, however late the answers are: half of them POST, half on new connections,
 * one in 50 lasting 3 s. None is sent again.
 */
export class DeployLoad {
  readonly #url: string;
  /** fifo: no connection is idle for as long as nginx keeps one open. */
  readonly #agent = new Agent({ keepAlive: true, scheduling: 'fifo' });
  readonly #inFlight = new Set<Promise<void>>();
  readonly #outcomes: Record<Method, Outcome> = {
    GET: { sent: 0, answered: 0, failed: {} },
    POST: { sent: 0, answered: 0, failed: {} },
  };
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  /** Of the requests that are not meant to be slow. */
  slowestMs = 0;

  constructor(publicUrl: string) {
    if (new URL(publicUrl).hostname !== '127.0.0.1') throw new Error(`not on this machine: ${publicUrl}`);
    this.#url = publicUrl;
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  get answered(): number {
    return this.#outcomes.GET.answered + this.#outcomes.POST.answered;
  }

  /** Resolves when each request has ended. */
  async stop(): Promise<Readonly<Record<Method, Outcome>>> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
    return this.#outcomes;
  }

  #sendDue(): void {
    const due = Math.min(MOST_REQUESTS, ((performance.now() - this.#began) / 1000) * RATE);
    while (this.#sent < due) {
      const sent = this.#send(this.#sent++);
      this.#inFlight.add(sent);
      void sent.then(() => this.#inFlight.delete(sent));
    }
  }

  async #send(number: number): Promise<void> {
    const method = number % 2 === 0 ? 'GET' : 'POST';
    const agent = Math.floor(number / 2) % 2 === 0 ? this.#agent : false;
    // Alternately GET and POST.
    const slow = number % SLOW_EVERY === Math.floor(number / SLOW_EVERY) % 2;
    const path = slow ? SLOW_PATH : method === 'GET' ? '/ping' : '/upload';
    const outcome = this.#outcomes[method];
    outcome.sent++;
    const began = performance.now();
    const result = await statusOf(this.#url + path, method, agent);
    if (!slow) this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
    if (result === 200) outcome.answered++;
    else outcome.failed[result] = (outcome.failed[result] ?? 0) + 1;
  }
}

/** Resolves with the status once the whole answer has arrived, otherwise with the code of the error. */
function statusOf(url: string, method: Method, agent: Agent | false): Promise<number | string> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    const body = method === 'POST' ? BODY : '';
    const headers = method === 'POST' ? { 'Content-Length': body.length } : {};
    const sent = request(url, { method, agent, headers, timeout: TIMEOUT_MS }, (res) => {
      res.on('end', () => resolve(res.complete ? res.statusCode! : 'incomplete'));
      res.on('error', fail);
      res.resume();
    });
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', fail);
    sent.end(body);
  });
}
