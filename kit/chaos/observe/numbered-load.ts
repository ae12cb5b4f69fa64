import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Random } from '../../../packages/prom-multiproc/test/support/random.ts';
import { addressOf, type Ledger, type Method, type Outcome, type SentRequest } from '../account/ledger.ts';

export interface NumberedLoadOptions {
  /** Origin of the public port, on 127.0.0.1. */
  readonly origin: string;
  readonly connections: number;
  /** Pause of each connection between two requests. */
  readonly pauseMs: number;
  readonly requestTimeoutMs: number;
  readonly seed: number;
}

const PATH = '/ping';
const POSTS = 0.25;
const NEW_CONNECTIONS = 0.05;
const ABORTS = 0.03;
const ABORT_WITHIN_MS = 12;
/** Limits the number of failures while the app does not answer. */
const AFTER_FAILURE_MS = 250;
const BODY = JSON.stringify({ chaos: 'x'.repeat(200) });

/** Expected status by method: /ping accepts no POST. */
const EXPECTED: Record<Method, number> = { GET: 200, POST: 404 };

/** Sends GET and POST requests with unique numbers, over keep-alive and new connections, and aborts some of them. */
export class NumberedLoad {
  readonly #options: NumberedLoadOptions;
  readonly #ledger: Ledger;
  readonly #random: Random;
  #done: Promise<unknown> = Promise.resolve();
  #running = false;

  constructor(options: NumberedLoadOptions, ledger: Ledger) {
    const { hostname } = new URL(options.origin);
    if (hostname !== '127.0.0.1') throw new Error(`the host of the load must be 127.0.0.1, not ${hostname}`);
    this.#options = options;
    this.#ledger = ledger;
    this.#random = new Random(options.seed);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#done = Promise.all(Array.from({ length: this.#options.connections }, () => this.#connection()));
  }

  /** Sends no new requests and waits for those in flight. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #connection(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      while (this.#running) {
        const { kind } = await this.#one(agent);
        const pauseMs = kind === 'failed' ? AFTER_FAILURE_MS : this.#options.pauseMs;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    } finally {
      agent.destroy();
    }
  }

  async #one(kept: Agent): Promise<Outcome> {
    const method: Method = this.#random.next() < POSTS ? 'POST' : 'GET';
    const agent = this.#random.next() < NEW_CONNECTIONS ? false : kept;
    const abortAfterMs = this.#random.next() < ABORTS ? this.#random.next() * ABORT_WITHIN_MS : undefined;
    const sent = this.#ledger.send(method, Date.now());
    const outcome = await this.#ask(sent, agent, abortAfterMs);
    this.#ledger.end(sent, outcome, Date.now());
    return outcome;
  }

  /** Sends one request. An answer counts only with its whole body. */
  #ask(
    { id, method }: SentRequest,
    agent: Agent | false,
    abortAfterMs: number | undefined,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const { origin, requestTimeoutMs } = this.#options;
      const timers: NodeJS.Timeout[] = [];
      let asked: ClientRequest | undefined;
      const finish = (outcome: Outcome) => {
        for (const timer of timers) clearTimeout(timer);
        resolve(outcome);
      };
      const fail = (error: Error) => finish({ kind: 'failed', cause: causeOf(error) });
      const give = (outcome: Outcome) => {
        finish(outcome);
        asked?.destroy();
      };
      timers.push(setTimeout(() => give({ kind: 'failed', cause: 'timeout' }), requestTimeoutMs));
      if (abortAfterMs !== undefined) timers.push(setTimeout(() => give({ kind: 'aborted' }), abortAfterMs));
      const headers = method === 'POST' ? { 'content-type': 'application/json' } : {};
      asked = request(origin + addressOf(PATH, id), { method, agent, headers }, (answer: IncomingMessage) => {
        answer.on('error', fail);
        answer.on('end', () => finish(outcomeOf(method, answer.statusCode!)));
        answer.resume();
      });
      asked.on('error', fail);
      asked.end(method === 'POST' ? BODY : undefined);
    });
  }
}

function outcomeOf(method: Method, status: number): Outcome {
  return status === EXPECTED[method]
    ? { kind: 'answered', status }
    : { kind: 'failed', cause: `status ${status}` };
}

function causeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
