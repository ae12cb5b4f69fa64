import client from 'prom-client';
import { share } from '../../src/index.ts';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';

/** A registry shared in a new directory, and a plain registry to compare it with. */
export interface Twins {
  readonly shared: client.Registry;
  readonly plain: client.Registry;
  readonly directory: string;
  /** Calls `act` with each of them. */
  both(act: (register: client.Registry, prom: typeof client) => void): void;
}

export function twinRegistries(
  test: Cleanup,
  contentType: string = client.Registry.PROMETHEUS_CONTENT_TYPE,
): Twins {
  const directory = temporaryDirectory(test);
  const [shared, plain] = [new client.Registry(), new client.Registry()];
  for (const register of [shared, plain]) register.setContentType(contentType as never);
  shareIn(directory, shared);
  return {
    shared,
    plain,
    directory,
    both(act) {
      act(shared, client);
      act(plain, client);
    },
  };
}

/** Calls `share(register)` with PROMETHEUS_MULTIPROC_DIR set for this call only. */
export function shareIn(directory: string, register: client.Registry): void {
  const before = process.env.PROMETHEUS_MULTIPROC_DIR;
  process.env.PROMETHEUS_MULTIPROC_DIR = directory;
  share(register, { selfMetrics: false });
  if (before === undefined) delete process.env.PROMETHEUS_MULTIPROC_DIR;
  else process.env.PROMETHEUS_MULTIPROC_DIR = before;
}
