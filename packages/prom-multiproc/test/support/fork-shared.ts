import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './temporary-directory.ts';

/** A process that has run a program, and runs on. */
export interface SharedProcess {
  readonly pid: number;
  /** The value of an expression in the scope of the program; awaited there. */
  ask<T>(expression: string): Promise<T>;
  kill(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./run-program.cjs', import.meta.url));

/**
 * Runs `program` in a process of its own that shares in `directory`. In scope are the exports of prom-client and of this
 * library, `client` and `require`. Resolves once it has run; rejects with what it threw.
 */
export async function forkShared(
  test: Cleanup,
  directory: string | undefined,
  program: string,
  options: { readonly env?: Record<string, string>; readonly execArgv?: readonly string[] } = {},
): Promise<SharedProcess> {
  const { PROMETHEUS_MULTIPROC_DIR: _, ...env } = { ...process.env, ...options.env };
  const shared = directory === undefined ? {} : { PROMETHEUS_MULTIPROC_DIR: directory };
  const child = fork(SCRIPT, {
    env: { ...env, ...shared },
    ...(options.execArgv === undefined ? {} : { execArgv: [...options.execArgv] }),
  });
  const exited = once(child, 'exit');
  test.after(() => void child.kill('SIGKILL'));
  const ask = async <T>(expression: string): Promise<T> => {
    const answer = Promise.race([
      once(child, 'message'),
      exited.then(([code, signal]) => {
        throw new Error(`the process has ended: ${code ?? signal}`);
      }),
    ]);
    child.send(expression);
    const [{ value, error }] = (await answer) as [{ value: T; error?: string }];
    if (error !== undefined) throw new Error(error);
    return value;
  };
  await ask(`${program}\n; undefined`);
  return {
    pid: child.pid!,
    ask,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
