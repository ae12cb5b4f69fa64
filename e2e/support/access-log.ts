import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import type { Following, Stack } from './stack.ts';

/** Fields of a line of nginx's access log. */
export interface AccessEntry {
  readonly method: string;
  readonly path: string;
  readonly status: string;
  readonly upstream_status: string;
}

export interface ProxiedEntry extends AccessEntry {
  /** Addresses of the attempts, such as `10.0.0.2:8041, 10.0.0.3:8041`; empty if the request was never proxied. */
  readonly upstream_addr: string;
}

/** Parses a line of the access log. Returns undefined for other messages of nginx, which are in the same output. */
export function parseAccessLine(line: string): ProxiedEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { method, path, status, upstream_status, upstream_addr } = entry;
  if (path === undefined || upstream_status === undefined) return undefined;
  return {
    method: String(method),
    path: String(path),
    status: String(status),
    upstream_status: String(upstream_status),
    upstream_addr: String(upstream_addr),
  };
}

/**
 * Returns how often nginx sent the request to the app. `$upstream_status` has one status for each attempt ("502, 200"), "-" for a
 * connection that ended before a response, and is empty if the request was never proxied.
 * See https://nginx.org/en/docs/http/ngx_http_upstream_module.html#var_upstream_status.
 */
export function upstreamAttempts(entry: AccessEntry): number {
  if (entry.upstream_status === '') return 0;
  return entry.upstream_status.split(/[,:]/).length;
}

export interface PathCounts {
  readonly entries: number;
  readonly attempts: number;
}

const PROBE_PATH = '/e2e-probe';
const LOG_DEADLINE_MS = 30_000;

/** Counts access log entries by path. It follows the log, so log rotation loses no entry. */
export class AccessLogFollower {
  readonly #counts = new Map<string, PathCounts>();
  #log: Following | undefined;
  readonly #publicUrl: string;
  #probes = 0;

  private constructor(publicUrl: string) {
    this.#publicUrl = publicUrl;
  }

  /** Sends probes to the public port until one is in the log. Every request sent afterwards is counted. */
  static async open(stack: Pick<Stack, 'publicUrl' | 'followLog'>): Promise<AccessLogFollower> {
    const follower = new AccessLogFollower(stack.publicUrl);
    follower.#log = await stack.followLog('nginx', (line) => follower.#take(line));
    try {
      await poll(
        `the access log of ${stack.publicUrl}`,
        async () => {
          await follower.#probe(PROBE_PATH);
          return follower.counts(PROBE_PATH).entries > 0 ? true : undefined;
        },
        { deadlineMs: LOG_DEADLINE_MS },
      );
    } catch (error) {
      follower.close();
      throw error;
    }
    return follower;
  }

  /** Sends a probe and waits until it is in the log. nginx logs earlier successful requests up to 200 ms later. */
  async caughtUp(): Promise<void> {
    this.#probes += 1;
    const path = `${PROBE_PATH}-${this.#probes}`;
    await this.#probe(path);
    await poll('the access log', () => (this.counts(path).entries > 0 ? true : undefined), {
      deadlineMs: LOG_DEADLINE_MS,
    });
  }

  counts(path: string): PathCounts {
    return this.#counts.get(path) ?? { entries: 0, attempts: 0 };
  }

  close(): void {
    this.#log?.close();
  }

  async #probe(path: string): Promise<void> {
    const answer = await fetch(this.#publicUrl + path);
    await answer.arrayBuffer();
  }

  #take(line: string): void {
    const entry = parseAccessLine(line);
    if (!entry) return;
    const { path } = entry;
    const { entries, attempts } = this.counts(path);
    this.#counts.set(path, { entries: entries + 1, attempts: attempts + upstreamAttempts(entry) });
  }
}
