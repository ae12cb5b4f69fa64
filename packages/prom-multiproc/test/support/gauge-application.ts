import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Reader } from '../../src/reader.ts';
import type { Command } from './gauge-process.ts';
import { samples } from './sample.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const PROGRAM = join(import.meta.dirname, 'gauge-process.ts');

/** A process with gauges. It is killed after the test. */
export class GaugeProcess {
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Resolves when the process has executed the command. */
  async send(command: Command): Promise<void> {
    this.child.send(command);
    await once(this.child, 'message');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** Processes with gauges that share a directory, and a reader of it. */
export function gaugeApplication(t: TestContext) {
  const directory = temporaryDirectory(t);
  const reader = new Reader(directory);
  t.after(() => reader.close());
  const start = async (refreshMs = '20'): Promise<GaugeProcess> => {
    const child = fork(PROGRAM, {
      env: {
        ...process.env,
        PROMETHEUS_MULTIPROC_DIR: directory,
        PROMETHEUS_MULTIPROC_REFRESH_MS: refreshMs,
      },
    });
    t.after(() => void child.kill('SIGKILL'));
    await once(child, 'message');
    return new GaugeProcess(child);
  };
  return { directory, reader, start };
}

/** The values of the gauges with a prefix, by aggregator. Those of `all` and `keptall` by worker, too. */
export function shownGauges(text: string, prefix = 'g_'): Record<string, number> {
  const lines = samples(text, prefix).map((line) => {
    const [, name, worker, value] = /^\w_(\w+)(?:\{(?:x="1",?)?(?:worker="(\d+)")?\})? (\S+)$/.exec(line)!;
    return [worker === undefined ? name! : `${name} of ${worker}`, Number(value)] as const;
  });
  return Object.fromEntries(lines);
}
