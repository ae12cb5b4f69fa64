import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { LogFollower } from './log-follower.ts';

/** What the tests need of a line of nginx's access log. */
export interface AccessEntry {
  readonly method: string;
  readonly path: string;
  readonly status: string;
  readonly upstream_status: string;
}

/** Undefined for what is not a line of the access log: nginx's own messages go the same way. */
export function parseAccessLine(line: string): AccessEntry | undefined {
  if (!line.startsWith('{')) return undefined;
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { method, path, status, upstream_status } = entry;
  if (path === undefined || upstream_status === undefined) return undefined;
  return {
    method: String(method),
    path: String(path),
    status: String(status),
    upstream_status: String(upstream_status),
  };
}

/**
 * How often a request was handed to the app: nginx lists one status for each attempt ("502, 200"), "-" where the
 * connection ended before an answer. A request that was never proxied has no status at all.
 */
export function upstreamAttempts(entry: AccessEntry): number {
  if (entry.upstream_status === '') return 0;
  return entry.upstream_status.split(/[,:]/).length;
}

export interface PathCounts {
  readonly entries: number;
  readonly attempts: number;
}

const KNOCK_PATH = '/e2e-knock';
const LOG_DEADLINE_MS = 30_000;

/** Counts entries by path from its opening on. It reads the log as it is written, so that rotation loses nothing. */
export class AccessLogFollower {
  readonly #counts = new Map<string, PathCounts>();
  readonly #log: LogFollower;
  readonly #publicUrl: string;
  #knocks = 0;

  private constructor(containerId: string, publicUrl: string) {
    this.#publicUrl = publicUrl;
    this.#log = new LogFollower(containerId, ({ text }) => this.#take(text), new Date());
  }

  /** Knocks at the public door until the log shows it: what is sent afterwards is in the counts. */
  static async open(containerId: string, publicUrl: string): Promise<AccessLogFollower> {
    const follower = new AccessLogFollower(containerId, publicUrl);
    try {
      await poll(
        `the access log of ${containerId}`,
        async () => {
          await follower.#knock(KNOCK_PATH);
          return follower.counts(KNOCK_PATH).entries > 0 ? true : undefined;
        },
        { deadlineMs: LOG_DEADLINE_MS },
      );
    } catch (error) {
      follower.close();
      throw error;
    }
    return follower;
  }

  /** Waits until what was answered before is in the counts: a log that stands still may be one that is behind. */
  async caughtUp(): Promise<void> {
    this.#knocks += 1;
    const path = `${KNOCK_PATH}-${this.#knocks}`;
    await this.#knock(path);
    await poll('the access log', () => (this.counts(path).entries > 0 ? true : undefined), {
      deadlineMs: LOG_DEADLINE_MS,
    });
  }

  counts(path: string): PathCounts {
    return this.#counts.get(path) ?? { entries: 0, attempts: 0 };
  }

  close(): void {
    this.#log.close();
  }

  async #knock(path: string): Promise<void> {
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
