import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { getContainerRuntimeClient } from 'testcontainers';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { chooseBaseImages } from '../../test-kit/base-images.ts';
import { docker, removeProject } from '../../test-kit/docker.ts';
import { getText } from '../../test-kit/scrape.ts';
import type { LimitEvents } from './limits.ts';
import { processorMicroseconds } from './processor-time.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const LOAD_FILE = 'kit/test-kit/load.compose.yml';
const MAX_CONNS_FILE = 'kit/test-kit/max-conns.compose.yml';
/** All of the load comes from one address. */
const LIMITS_FILE = 'kit/test-kit/load-limits.compose.yml';
const BUILD_TIMEOUT_MS = 10 * 60_000;
const READY_DEADLINE_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;
export const WORKERS = 2;

type Service = 'app' | 'nginx';
const SERVICES: readonly Service[] = ['app', 'nginx'];
const WHOLE = [...SERVICES, 'nginx-exporter', 'prometheus'];
/** Of its one process the engine tells all: a thread that it may not have ends it. */
const WITHOUT_SHELL = 'nginx-exporter';

export interface StackOptions {
  readonly name: string;
  /** The routes of the load test in place of the demonstration's. */
  readonly loadRoutes?: boolean;
  /** With Prometheus and what else runs beside the app and nginx. */
  readonly whole?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Requests in the app at one time, in place of those that nginx/compose.conf allows. */
  readonly maxConns?: number | undefined;
}

export interface Usage {
  /** What the container holds and cannot give back by dropping cached files. */
  readonly memoryBytes: number;
  readonly processes: number;
}

/** The compose file of this checkout on ports of its own, without Prometheus where what scrapes is part of the measurement. */
export class LoadStack {
  publicUrl = '';
  doorUrl = '';
  readonly project: string;
  readonly #files: string[];
  readonly #env: Record<string, string>;
  readonly #modeFile: string | undefined;
  readonly #removeOnExit = (): void => removeProject(this.project);
  readonly #ids = new Map<string, string>();
  /** Of the primary and the workers, in their container. */
  #processes: readonly number[] = [];
  /** All that run. */
  readonly services: readonly string[];

  private constructor({ name, loadRoutes = false, whole = false, env = {}, maxConns }: StackOptions) {
    this.services = whole ? WHOLE : SERVICES;
    this.project = `pandoras-load-${process.pid}-${name}`;
    const files = [
      'docker-compose.yml',
      LIMITS_FILE,
      ...(loadRoutes ? [LOAD_FILE] : []),
      ...(maxConns ? [MAX_CONNS_FILE] : []),
    ];
    this.#files = files.flatMap((file) => ['--file', resolve(ROOT, file)]);
    this.#modeFile = maxConns ? withMaxConns(maxConns) : undefined;
    this.#env = {
      PUBLIC_PORT: '0',
      METRICS_DOOR_PORT: '0',
      PROMETHEUS_PORT: '0',
      WORKERS: String(WORKERS),
      METRICS: '',
      DEMO_CONTROLS: '',
      ...env,
      ...(this.#modeFile && { MODE_CONF: this.#modeFile }),
    };
  }

  static async build(): Promise<void> {
    chooseBaseImages();
    const { project, env } = new LoadStack({ name: 'build' }).#context();
    await docker(['compose', ...project, 'build', '--quiet', ...WHOLE], env, BUILD_TIMEOUT_MS);
  }

  static async start(options: StackOptions): Promise<LoadStack> {
    const stack = new LoadStack(options);
    // Ends without a teardown (a signal, a crash) leave nothing running either.
    process.once('exit', stack.#removeOnExit);
    try {
      await stack.#compose('up', '--detach', '--wait', '--no-build', ...stack.services);
      for (const service of stack.services) {
        stack.#ids.set(service, (await stack.#compose('ps', '--quiet', service)).trim());
      }
      stack.publicUrl = await stack.#published(8040);
      stack.doorUrl = await stack.#published(9040);
      await stack.#ready();
    } catch (error) {
      console.error(await stack.#compose('logs', '--tail', '30'));
      stack.stop();
      throw error;
    }
    return stack;
  }

  stop(): void {
    removeProject(this.project);
    if (this.#modeFile) rmSync(dirname(this.#modeFile), { recursive: true });
    process.removeListener('exit', this.#removeOnExit);
  }

  async usage(service: Service): Promise<Usage> {
    const { container } = await getContainerRuntimeClient();
    const stats = await container.dockerode
      .getContainer(this.#id(service))
      .stats({ stream: false, 'one-shot': true });
    const { usage, stats: parts } = stats.memory_stats;
    const details = parts as unknown as Record<string, number | undefined>;
    return {
      memoryBytes: usage - (details.inactive_file ?? details.total_inactive_file ?? 0),
      processes: stats.pids_stats?.current ?? Number.NaN,
    };
  }

  readonly limitEvents = async (service: string): Promise<LimitEvents> => {
    const id = this.#id(service);
    const format = '{{.State.OOMKilled}} {{.RestartCount}}';
    const [outOfMemory, restarts] = (await docker(['inspect', '--format', format, id])).trim().split(' ');
    const byEngine = { outOfMemory: outOfMemory !== 'false', restarts: Number(restarts) };
    if (service === WITHOUT_SHELL) return { ...byEngine, oomKills: 0, processesRefused: 0 };
    // One of the two is there: cgroup version 2, or 1.
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

  /**
   * What the primary and the workers have had of the processors. Not the container: the checks of its health start a process
   * each, which costs as much as hundreds of requests.
   */
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

  /** What the app wrote to its log from `since` on. */
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
        const status = JSON.parse(await getText(`${this.doorUrl}/status`, ANSWER_TIMEOUT_MS)) as {
          primary: { pid: number };
          workers: { pid: number; state: string }[];
        };
        const ready = status.workers.filter(({ state }) => state === 'ready');
        return ready.length === WORKERS ? [status.primary, ...ready].map(({ pid }) => pid) : undefined;
      },
      { deadlineMs: READY_DEADLINE_MS },
    );
  }

  #context() {
    return {
      project: ['--project-name', this.project, ...this.#files],
      env: { ...process.env, ...this.#env },
    };
  }

  #compose(...args: string[]): Promise<string> {
    const { project, env } = this.#context();
    return docker(['compose', ...project, ...args], env);
  }

  async #published(port: number): Promise<string> {
    const address = (await this.#compose('port', 'nginx', String(port))).trim();
    const host = /:(\d+)$/.exec(address)?.[1];
    if (host === undefined) throw new Error(`nginx does not publish ${port}: "${address}"`);
    return `http://127.0.0.1:${host}`;
  }
}

/** A copy of nginx/compose.conf with another limit, half of it for each of the two entries that name the app. */
function withMaxConns(most: number): string {
  const file = join(mkdtempSync(join(tmpdir(), 'pandoras-load-')), 'mode.conf');
  const text = readFileSync(resolve(ROOT, 'nginx/compose.conf'), 'utf8');
  writeFileSync(
    file,
    text.replaceAll(/(?<=^upstream application \{[^}]*)max_conns=\d+/gm, `max_conns=${most / 2}`),
  );
  return file;
}
