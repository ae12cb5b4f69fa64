import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Cleanup } from '../../../prom-multiproc/test/support/temporary-directory.ts';

export interface LogLine {
  readonly level: string;
  readonly pid: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface RunningApp {
  readonly child: ChildProcess;
  readonly lines: LogLine[];
  /** Waits for the `nth` line whose message is `msg`. */
  line(msg: string, nth?: number): Promise<LogLine>;
  exit(): Promise<{ code: number | null; signal: string | null }>;
}

const LINE_WITHIN_MS = 60_000;

/**
 * Starts an entry file on free ports in its own process group. When the test or other owner ends, the whole group is killed,
 * including stopped and blocked workers.
 */
export function runApp(t: Cleanup, entry: string, env: Record<string, string> = {}): RunningApp {
  // Without the cache of the tests each process compiles all sources again.
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [entry], {
    env: { PATH, NODE_COMPILE_CACHE, PORT: '0', METRICS_PORT: '0', WORKERS: '2', DRAIN_WAIT_MS: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: LogLine[] = [];
  const stderr: string[] = [];
  const exited = once(child, 'exit');
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout! }).on('line', (text) => {
    lines.push(JSON.parse(text));
    for (const check of waiting) check();
  });
  child.stderr!.on('data', (chunk) => stderr.push(String(chunk)));
  t.after(async () => {
    killGroup(child.pid!);
    await exited;
  });

  return {
    child,
    lines,
    line(msg, nth = 1) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          const seen = `${lines.map((l) => JSON.stringify(l)).join('\n')}\n${stderr.join('')}`;
          reject(new Error(`no line ${nth} "${msg}" within ${LINE_WITHIN_MS} ms; seen:\n${seen}`));
        }, LINE_WITHIN_MS);
        function check(): void {
          const found = lines.filter((line) => line.msg === msg)[nth - 1];
          if (found === undefined) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        }
        waiting.add(check);
        check();
      });
    },
    async exit() {
      const [code, signal] = await exited;
      return { code, signal };
    },
  };
}

export async function ports(app: RunningApp): Promise<{ app: string; metrics: string }> {
  const [worker, server] = await Promise.all([
    app.line('worker ready'),
    app.line('metrics server listening'),
  ]);
  return { app: `http://127.0.0.1:${worker.port}`, metrics: `http://127.0.0.1:${server.port}` };
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
