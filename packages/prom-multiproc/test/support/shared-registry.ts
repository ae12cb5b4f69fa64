import client from 'prom-client';
import { TextReader } from './directory-text.ts';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';
import { shareIn } from './twin-registries.ts';

/** A registry that is shared in a new directory, and a reader of the directory. */
export function sharedRegistry(t: Cleanup) {
  const directory = temporaryDirectory(t);
  const register = new client.Registry();
  shareIn(directory, register);
  return { directory, register, registers: [register], reader: new TextReader(t, directory) };
}
