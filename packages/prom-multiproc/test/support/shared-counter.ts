import client from 'prom-client';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';
import { shareIn } from './twin-registries.ts';

/** A shared registry with `a_total` of 3. PROMETHEUS_MULTIPROC_DIR is set to its directory until the end of the test. */
export function shareCounter(t: Cleanup): { directory: string; register: client.Registry } {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  new client.Counter({ name: 'a_total', help: 'A', registers: [register] }).inc(3);
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  t.after(() => {
    if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
    else process.env.PROMETHEUS_MULTIPROC_DIR = before;
  });
  return { directory, register };
}
