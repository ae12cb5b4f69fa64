import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hostPrometheus } from '../../../../e2e/support/host-prometheus.ts';
import { freePorts } from '../../../../packages/prom-multiproc/test/support/free-ports.ts';
import { until } from '../../../../packages/prom-multiproc/test/support/poll.ts';
import type { Exposition } from '../../../test-kit/exposition.ts';
import { getText, scrape } from '../../../test-kit/scrape.ts';

const RUN = resolve(import.meta.dirname, '../../../../prometheus/run-prometheus');
const TIMEOUT_MS = 60_000;
const READY: { readonly deadlineMs: number } = { deadlineMs: 60_000 };

/** A Prometheus of this machine with an empty data directory, started as the kit does. */
export class PrometheusProcess {
  readonly url: string;
  readonly dataDirectory: string;
  readonly #child: ChildProcess;
  #stderr = '';
  readonly #killOnExit = (): void => void this.#child.kill('SIGKILL');

  private constructor(
    program: string,
    configuration: string,
    dataDirectory: string,
    port: string,
    options: readonly string[],
  ) {
    this.url = `http://127.0.0.1:${port}`;
    this.dataDirectory = dataDirectory;
    this.#child = spawn(
      RUN,
      [`--web.listen-address=127.0.0.1:${port}`, '--web.enable-admin-api', '--log.level=warn', ...options],
      {
        env: {
          PATH: process.env.PATH,
          PROMETHEUS: program,
          PROMETHEUS_CONFIGURATION: configuration,
          PROMETHEUS_DATA: dataDirectory,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#child.stderr!.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    process.once('exit', this.#killOnExit);
  }

  /**
   * `options` are further ones of its command line.
   * @throws Error if no Prometheus 3.5 or later is installed, or if it does not get ready
   */
  static async start(
    configuration: string,
    dataDirectory: string,
    options: readonly string[] = [],
  ): Promise<PrometheusProcess> {
    const program = hostPrometheus();
    if (program === '')
      throw new Error('Prometheus 3.5 or later is not installed; see .ci/lib/prometheus.sh');
    const [port] = await freePorts();
    const started = new PrometheusProcess(program, configuration, dataDirectory, port, options);
    try {
      await until(`Prometheus at ${started.url}`, () => started.#isReady(), READY);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  async #isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`Prometheus ended: ${this.#stderr}`);
    return getText(`${this.url}/-/ready`, TIMEOUT_MS).then(
      () => true,
      () => false,
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Its own metrics. */
  metrics(): Promise<Exposition> {
    return scrape(`${this.url}/metrics`, TIMEOUT_MS);
  }

  /** Writes a copy of all data as blocks and returns their directory. */
  async snapshot(): Promise<string> {
    const answer = await fetch(`${this.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
    const { data } = (await answer.json()) as { data: { name: string } };
    return join(this.dataDirectory, 'snapshots', data.name);
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#killOnExit);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

/** Resident memory of a process in bytes. `anonymous` is without pages of files, which the kernel can drop. */
export function memoryOf(pid: number): { readonly resident: number; readonly anonymous: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string): number => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
    return Number(kilobytes) * 1024;
  };
  return { resident: bytes('VmRSS'), anonymous: bytes('RssAnon') };
}
