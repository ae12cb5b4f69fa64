/**
 * A bundle that contains the client is invisible to the preload and to `share()` without a registry. It is reported where
 * the files of an application contain the client's texts while no registry of this process has a metric.
 */
import { readFile, stat } from 'node:fs/promises';
import { Warnings } from '../util/warnings.ts';
import { loadedFiles } from './client-copies.ts';

/** Milliseconds from the start to each look: the application has made its metrics by then. */
const LOOKS_MS = [1_000, 10_000];
const MOST_FILES = 200;
const MOST_BYTES = 64 * 1024 * 1024;
/** What a bundler leaves as it is in every supported client. */
const TEXTS = [' has already been registered.', 'application/openmetrics-text; version=1.0.0; charset=utf-8'];

const warnings = new Warnings();
let looks = false;

/** Looks twice, once for a process; `hasMetrics` says whether a registry is known that has some. */
export function reportBundledClient(hasMetrics: () => boolean): void {
  if (looks) return;
  looks = true;
  for (const ms of LOOKS_MS) {
    setTimeout(async () => {
      if (hasMetrics()) return;
      const path = await fileWithClient();
      if (path === undefined || hasMetrics()) return;
      warnings.once(
        'PROM_MULTIPROC_UNSHARED_METRICS',
        `${path} contains a copy of the client, and no metric of this process is shared: call share(register) in the bundled code, or have the bundler leave the client external`,
      );
    }, ms).unref();
  }
}

async function fileWithClient(): Promise<string | undefined> {
  const own = [process.argv[1], ...loadedFiles()].filter((path) => path !== undefined);
  const paths = new Set(own.filter((path) => !path.includes('/node_modules/')));
  let bytes = 0;
  for (const path of [...paths].slice(0, MOST_FILES)) {
    try {
      bytes += (await stat(path)).size;
      if (bytes > MOST_BYTES) return undefined;
      const text = await readFile(path, 'utf8');
      if (TEXTS.every((one) => text.includes(one))) return path;
    } catch {
      // Not a file, such as what --eval gave.
    }
  }
  return undefined;
}
