import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ComposeProject, ROOT } from '../../../e2e/support/compose-project.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import {
  temporaryDirectory,
  thisProcess,
} from '../../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { docker } from '../../test-kit/docker.ts';
import { getText } from '../../test-kit/scrape.ts';
import type { LimitEvents } from './limits.ts';
import { processorMicroseconds } from './processor-time.ts';
import { type Usage, usageOf } from './usage.ts';

const LOAD_FILE = 'kit/test-kit/load.compose.yml';
const MAX_CONNS_FILE = 'kit/test-kit/max-conns.compose.yml';
/** Raises the limits of one client: all load comes from one address. */
const LIMITS_FILE = 'kit/test-kit/load-limits.compose.yml';
const READY_DEADLINE_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;
export const WORKERS = 2;

type Service = 'app' | 'nginx';
const SERVICES: readonly Service[] = ['app', 'nginx'];
const WHOLE = [...SERVICES, 'nginx-exporter', 'prometheus'];
/**
 * This container has no shell to read its cgroup. It runs one process, which exits when it exceeds a limit, so the container's state
 * shows it.
 */
const WITHOUT_SHELL = 'nginx-exporter';

export interface StackOptions {
  readonly name: string;
  /** Serves the routes of the load test instead of the demo's. */
  readonly loadRoutes?: boolean;
  /** Also starts Prometheus and the nginx exporter. */
  readonly whole?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Further compose files. */
  readonly files?: readonly string[];
  /** Replaces the requests in flight that nginx/compose.conf allows. */
  readonly maxConns?: number | undefined;
}

/** A compose stack with 2 workers for measurements. Prometheus runs only with `whole`. */
export class LoadStack extends ComposeProject {
  publicUrl = '';
  metricsUrl = '';
  readonly #ids = new Map<string, string>();
  /** Pids of the primary and the workers in their container. */
  #processes: readonly number[] = [];
  /** Services that run. */
  readonly services: readonly string[];

  private constructor({
    name,
    loadRoutes = false,
    whole = false,
    env = {},
    files = [],
    maxConns,
  }: StackOptions) {
    const overrides = [
      LIMITS_FILE,
      ...(loadRoutes ? [LOAD_FILE] : []),
      ...(maxConns ? [MAX_CONNS_FILE] : []),
      ...files,
    ];
    super(name, overrides, {
      WORKERS: String(WORKERS),
      METRICS: '',
      DEMO_CONTROLS: '',
      ...env,
      ...(maxConns && { MODE_CONF: withMaxConns(maxConns) }),
    });
    this.services = whole ? WHOLE : SERVICES;
  }

  static async start(options: StackOptions): Promise<LoadStack> {
    const stack = new LoadStack(options);
    await stack.up(stack.services);
    return stack;
  }

  protected override async started(): Promise<void> {
    for (const service of this.services) this.#ids.set(service, await this.containerId(service));
    this.publicUrl = await this.published('nginx', 8040);
    this.metricsUrl = await this.published('nginx', 9040);
    await this.#ready();
  }

  usage(service: Service): Promise<Usage> {
    return usageOf(this.#id(service));
  }

  readonly limitEvents = async (service: string): Promise<LimitEvents> => {
    const id = this.#id(service);
    const format = '{{.State.OOMKilled}} {{.RestartCount}}';
    const [outOfMemory, restarts] = (await docker(['inspect', '--format', format, id])).trim().split(' ');
    const byEngine = { outOfMemory: outOfMemory !== 'false', restarts: Number(restarts) };
    if (service === WITHOUT_SHELL) return { ...byEngine, oomKills: 0, processesRefused: 0 };
    // The first path exists with cgroup version 2, the second with version 1.
    const read = (first: string, second: string) =>
      docker(['exec', id, 'sh', '-c', `cd /sys/fs/cgroup && cat ${first} 2>/dev/null || cat ${second}`]);
    const memory = await read('memory.events', 'memory/memory.oom_control');
    const processes = await read('pids.events', 'pids/pids.events');
    return {
      ...byEngine,
      oomKills: Number(/^oom_kill (\d+)$/m.exec(memory)?.[1]),
      processesRefused: Number(/^max (\d+)$/m.exec(processes)?.[1]),
    };
  };

  /** Processor time of the primary and the workers. Excludes health checks: one costs as much as hundreds of requests. */
  async processorMicroseconds(): Promise<number> {
    const files = this.#processes.map((pid) => `/proc/${pid}/stat`);
    return processorMicroseconds(await docker(['exec', this.#id('app'), 'cat', ...files]));
  }

  /** Resident bytes of each process of the app, largest first. */
  async residentBytes(): Promise<number[]> {
    const list = 'grep -h VmRSS /proc/[0-9]*/status 2>/dev/null || true';
    const text = await docker(['exec', this.#id('app'), 'sh', '-c', list]);
    return [...text.matchAll(/VmRSS:\s+(\d+) kB/g)].map(([, kb]) => Number(kb) * 1024).sort((a, b) => b - a);
  }

  /** Lines of the app's log from `since` on. */
  async log(since: Date): Promise<string[]> {
    return (await docker(['logs', '--since', since.toISOString(), this.#id('app')])).split('\n');
  }

  #id(service: string): string {
    return this.#ids.get(service)!;
  }

  async #ready(): Promise<void> {
    this.#processes = await poll(
      `${WORKERS} ready workers`,
      async () => {
        const status = JSON.parse(await getText(`${this.metricsUrl}/status`, ANSWER_TIMEOUT_MS)) as {
          primary: { pid: number };
          workers: { pid: number; state: string }[];
        };
        const ready = status.workers.filter(({ state }) => state === 'ready');
        return ready.length === WORKERS ? [status.primary, ...ready].map(({ pid }) => pid) : undefined;
      },
      { deadlineMs: READY_DEADLINE_MS },
    );
  }
}

/** A copy of nginx/compose.conf with `most` requests in flight, half for each of the two upstream entries. */
function withMaxConns(most: number): string {
  const file = join(temporaryDirectory(thisProcess), 'compose.conf');
  const text = readFileSync(join(ROOT, 'nginx/compose.conf'), 'utf8');
  writeFileSync(
    file,
    text.replaceAll(/(?<=^upstream application \{[^}]*)max_conns=\d+/gm, `max_conns=${most / 2}`),
  );
  return file;
}
