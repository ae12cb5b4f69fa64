import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { type Load, startLoad } from '../../test-kit/load.ts';
import type { SwarmNode } from './swarm-nodes.ts';

export const PING = '/ping';
/** An unknown path: the 404 of the app is a response like any other, and nginx never retries a POST. */
export const POST_PATH = '/no-such-page';

const BODY = 'x'.repeat(2_000);
const DEADLINE = { deadlineMs: 90_000 };
/** Answers of all clients together that `further` waits for. */
const FURTHER = 200;
/** Longer than any timeout of nginx, so that each request that reached nginx is in its log. */
const LOAD = {
  connections: 3,
  maxRequests: 100_000,
  durationMs: 600_000,
  requestTimeoutMs: 30_000,
  pauseMs: 20,
};

export interface Outcome {
  readonly sent: number;
  /** With the expected status. */
  readonly answered: number;
  /** Answers with another status, and requests without an answer. */
  readonly failed: Readonly<Record<string, number>>;
}

export interface Outcomes {
  readonly ping: Outcome;
  readonly post: Outcome;
}

export const failures = ({ sent, answered }: Outcome): number => sent - answered;

/** GET and POST through nginx of several nodes until `stop`. */
export class SwarmLoad {
  readonly #ping: readonly Load[];
  readonly #post: readonly Load[];

  private constructor(urls: readonly string[]) {
    this.#ping = urls.map((url) => startLoad({ ...LOAD, url: url + PING }));
    this.#post = urls.map((url) => startLoad({ ...LOAD, url: url + POST_PATH, body: BODY }));
  }

  static async start(nodes: readonly SwarmNode[]): Promise<SwarmLoad> {
    return new SwarmLoad(await Promise.all(nodes.map((node) => node.urlOf(8040))));
  }

  /** Waits until each client has had further answers. */
  async further(): Promise<void> {
    const loads = [...this.#ping, ...this.#post];
    const wanted = loads.map(({ report }) => report.answered + FURTHER / loads.length);
    const reached = () => loads.every(({ report }, i) => report.answered >= wanted[i]!) || undefined;
    await poll('further answers', reached, DEADLINE);
  }

  async stop(): Promise<Outcomes> {
    const [ping, post] = await Promise.all([outcome(this.#ping, 200), outcome(this.#post, 404)]);
    return { ping, post };
  }
}

async function outcome(loads: readonly Load[], status: number): Promise<Outcome> {
  const reports = await Promise.all(loads.map((load) => load.stop()));
  const all: Record<string, number> = {};
  for (const { byStatus, byCause } of reports) {
    for (const [what, number] of [...Object.entries(byStatus), ...Object.entries(byCause)])
      all[what] = (all[what] ?? 0) + number;
  }
  const { [status]: answered = 0, ...failed } = all;
  return { sent: reports.reduce((sum, { sent }) => sum + sent, 0), answered, failed };
}
