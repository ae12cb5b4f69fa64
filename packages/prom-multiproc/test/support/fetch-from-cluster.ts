import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Cleanup } from './temporary-directory.ts';

/** The status and text of `/metrics` of the primary and of a worker of a cluster. */
export async function fetchFromCluster(
  test: Cleanup,
  directory: string | undefined,
  more: Record<string, string> = {},
) {
  const { PROMETHEUS_MULTIPROC_DIR: _, ...env } = process.env;
  const shared = directory === undefined ? {} : { PROMETHEUS_MULTIPROC_DIR: directory };
  const program = join(import.meta.dirname, 'cluster-of-handlers.ts');
  const primary = fork(program, { env: { ...env, ...shared, ...more } });
  test.after(() => void primary.kill('SIGKILL'));
  const [ports] = (await once(primary, 'message')) as [{ primary: number; worker: number }];
  const get = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    return { status: answer.status, text: await answer.text() };
  };
  return { primary: await get(ports.primary), worker: await get(ports.worker) };
}
