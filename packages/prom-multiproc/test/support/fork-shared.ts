import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './temporary-directory.ts';

/** A process that has run a program and keeps running. */
export interface SharedProcess {
  readonly pid: number;
  /** Evaluates and awaits an expression in the scope of the program. */
  evaluate<T>(expression: string): Promise<T>;
  kill(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./run-program.cjs', import.meta.url));

/**
 * Runs `program` in a new process that shares in `directory`. In scope are the exports of prom-client and of this library,
 * `client` and `require`. Resolves when the program has run; rejects with its error.
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
  const evaluate = async <T>(expression: string): Promise<T> => {
    const answer = Promise.race([
      once(child, 'message'),
      exited.then(([code, signal]) => {
        throw new Error(`the process ended with ${code ?? signal}`);
      }),
    ]);
    child.send(expression);
    const [{ value, error }] = (await answer) as [{ value: T; error?: string }];
    if (error !== undefined) throw new Error(error);
    return value;
  };
  await evaluate(`${program}\n; undefined`);
  return {
    pid: child.pid!,
    evaluate,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
