/**
 * Detects a client inside a bundle, which the preload and `share()` without a registry cannot see: the application's files
 * contain strings of the client while no registry of this process has a metric.
 */
import { readFile, stat } from 'node:fs/promises';
import { Warnings } from '../util/warnings.ts';
import { loadedFiles } from './client-copies.ts';

/** Milliseconds from the start to each check. Applications have usually created their metrics by then. */
const CHECKS_MS = [1_000, 10_000];
const MAX_FILES = 200;
const MAX_BYTES = 64 * 1024 * 1024;
/** Strings in every supported client that bundlers do not change. */
const CLIENT_STRINGS = [
  ' has already been registered.',
  'application/openmetrics-text; version=1.0.0; charset=utf-8',
];

const warnings = new Warnings();
let started = false;

/** Starts the checks, once per process. `hasMetrics` returns whether any known registry has a metric. */
export function reportBundledClient(hasMetrics: () => boolean): void {
  if (started) return;
  started = true;
  for (const ms of CHECKS_MS) {
    setTimeout(async () => {
      if (hasMetrics()) return;
      const path = await fileWithClient();
      if (path === undefined || hasMetrics()) return;
      warnings.once(
        'PROM_MULTIPROC_UNSHARED_METRICS',
        `${path} contains a copy of the client, and no metric of this process is shared: call share(register) in the bundled code, or mark the client as external in the bundler`,
      );
    }, ms).unref();
  }
}

async function fileWithClient(): Promise<string | undefined> {
  const own = [process.argv[1], ...loadedFiles()].filter((path) => path !== undefined);
  const paths = new Set(own.filter((path) => !path.includes('/node_modules/')));
  let bytes = 0;
  for (const path of [...paths].slice(0, MAX_FILES)) {
    try {
      bytes += (await stat(path)).size;
      if (bytes > MAX_BYTES) return undefined;
      const text = await readFile(path, 'utf8');
      if (CLIENT_STRINGS.every((one) => text.includes(one))) return path;
    } catch {
      // Not a file, for example with --eval.
    }
  }
  return undefined;
}
