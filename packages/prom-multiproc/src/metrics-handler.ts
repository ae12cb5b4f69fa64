import { applicationPage, type Shown } from './application-page.ts';
import type { AnyRegistry } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { reusePage } from './exposition/text-format.ts';
import { readAhead } from './merge/read-ahead.ts';
import { clusterRole } from './os/cluster-role.ts';
import { type Page, type PageHandler, pageHandler, plain, workerPage } from './page-handler.ts';
import { plainText } from './process/plain-registry.ts';
import { sharedRegistries } from './process/shared-registry.ts';
import { keepApart } from './process/unshared-metrics.ts';
import { isKeptPlain } from './process/unsupported-platform.ts';
import { Reader } from './reader.ts';
import { isShared, readAheadSteps, sharedDirectory, sharedRegistry } from './share.ts';

const OPENMETRICS_END = /# EOF\n?$/;
const LONGEST_END = '# EOF\n'.length;
const WORKER_PATH = /\/workers\/(\d{1,4})$/;

/**
 * Returns a request handler that serves the totals of `register`, or the counts of one worker if the path ends with
 * `/workers/<slot>`. Accepts GET and HEAD; gzips if the client accepts it. Answers 503 with the reason if the totals are not
 * available, and in a cluster process that does not share: it never serves one worker's counts as the application's.
 *
 * The metrics of `others` follow the totals. These are registries private to this process, such as a primary's own. They
 * stay unshared; `Registry.merge()` with a shared registry would share them.
 *
 * Except in cluster workers, the handler reads the names of new series ahead, because otherwise the first request would wait
 * for that.
 * @throws TypeError if the registries have different content types
 * @throws Error if no client is installed and `register` is omitted
 */
export function metricsHandler(register?: AnyRegistry, ...others: readonly AnyRegistry[]): PageHandler {
  let reader: Reader | undefined;
  const { contentType } = register ?? globalRegister();
  const other = others.find((one) => one.contentType !== contentType);
  if (other !== undefined)
    throw new TypeError(
      `metricsHandler(): the registries have different content types, ${contentType} and ${other.contentType}: set the same one for all`,
    );
  for (const one of others) keepApart(one);

  // A worker receives scrapes only by chance.
  if (clusterRole() !== 'worker') readAhead(() => readAheadSteps(register), sharedDirectory);

  async function pageFor(path: string): Promise<Page> {
    const slot = WORKER_PATH.exec(path)?.[1];
    if (slot === undefined) return totals(register, others);
    const directory = sharedDirectory();
    if (directory === undefined) return plain(404, 'No workers to show: PROMETHEUS_MULTIPROC_DIR is not set');
    reader ??= new Reader(directory);
    return workerPage(reader, Number(slot));
  }

  return pageHandler(pageFor);
}

async function totals(register: AnyRegistry | undefined, others: readonly AnyRegistry[]): Promise<Page> {
  const shown = register ?? applicationPage();
  const role = clusterRole();
  if (role !== undefined && isPlain(shown)) {
    return plain(
      503,
      `This cluster ${role} does not share its metrics: set PROMETHEUS_MULTIPROC_DIR and call share()`,
    );
  }
  const slot = isPlain(shown)
    ? undefined
    : (sharedRegistry(shown as AnyRegistry) ?? sharedRegistries()[0])?.slot;
  const pages = await Promise.all(
    [shown, ...others].map((one, i) =>
      isPlain(one) || (i > 0 && !isShared(one as AnyRegistry) && !isKeptPlain(one as AnyRegistry))
        ? plainText(one as AnyRegistry, slot)
        : (sharedRegistry(one as AnyRegistry)?.page() ?? one.metrics()),
    ),
  );
  return { status: 200, contentType: shown.contentType, body: joined(pages) };
}

/** Whether the registry is not shared. False for registries that `keepPlain()` has changed: their `metrics()` rejects with the reason. */
function isPlain(shown: Shown): shown is AnyRegistry {
  return 'registerMetric' in shown && !isShared(shown as AnyRegistry) && !isKeptPlain(shown as AnyRegistry);
}

/** Joins expositions. In OpenMetrics only the last one may end with `# EOF`. */
function joined(pages: readonly (string | Buffer)[]): string | Buffer {
  if (pages.length === 1) return pages[0]!;
  const all = pages.map((page) => (typeof page === 'string' ? Buffer.from(page) : page));
  const page = Buffer.concat([...all.slice(0, -1).map(withoutEof), all.at(-1)!]);
  for (const one of all) reusePage(one);
  return page;
}

function withoutEof(page: Buffer): Buffer {
  const [eof = ''] = OPENMETRICS_END.exec(page.toString('latin1', page.length - LONGEST_END)) ?? [];
  return page.subarray(0, page.length - eof.length);
}
