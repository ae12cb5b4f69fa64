import { ApplicationView, applicationPage, type Shown, unnamedRegistries } from './application-page.ts';
import { type AnyRegistry, internalsOf } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { DirectoryPages } from './directory-pages.ts';
import { joinPages } from './exposition/join-pages.ts';
import { negotiate } from './exposition/negotiation.ts';
import { convertText, renderPage } from './exposition/page.ts';
import { formatOf, type PageFormat } from './exposition/page-format.ts';
import { UnknownTextError } from './exposition/parse-text.ts';
import { readAhead } from './merge/read-ahead.ts';
import { clusterRole } from './os/cluster-role.ts';
import { type Page, type PageHandler, pageHandler, plain, workerPage } from './page-handler.ts';
import { plainText } from './process/plain-registry.ts';
import type { ProcessSlot } from './process/process-slot.ts';
import type { RegistryView } from './process/registry-view.ts';
import { sharedRegistries } from './process/shared-registry.ts';
import { keepApart } from './process/unshared-metrics.ts';
import { isKeptPlain } from './process/unsupported-platform.ts';
import { isShared, readAheadSteps, sharedDirectory, sharedRegistry } from './share.ts';

const WORKER_PATH = /\/workers\/(\d{1,4})$/;

/**
 * Returns a request handler that serves the totals of `register`, or the counts of one worker if the path ends with
 * `/workers/<slot>`. Accepts GET and HEAD; gzips if the client accepts it. Answers in the format that `Accept` prefers, by default
 * in that of the registry: see `negotiate()`. Answers 503 with the reason if the totals are not available, and in a cluster process
 * that does not share: it never serves one worker's counts as the application's.
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
  let pages: DirectoryPages | undefined;
  const { contentType } = register ?? globalRegister();
  const other = others.find((one) => one.contentType !== contentType);
  if (other !== undefined)
    throw new TypeError(
      `metricsHandler(): the registries have different content types, ${contentType} and ${other.contentType}: set the same one for all`,
    );
  for (const one of others) keepApart(one);

  // A worker receives scrapes only by chance.
  if (clusterRole() !== 'worker') readAhead(() => readAheadSteps(register), sharedDirectory);

  async function pageFor(path: string, accept: string | undefined): Promise<Page> {
    const slot = WORKER_PATH.exec(path)?.[1];
    if (slot === undefined) return totals(register, others, accept);
    const directory = sharedDirectory();
    if (directory === undefined) return plain(404, 'No workers to show: PROMETHEUS_MULTIPROC_DIR is not set');
    pages ??= new DirectoryPages(directory);
    const shown = register ?? unnamedRegistries() ?? globalRegister();
    const view = viewOf(shown);
    return workerPage(pages, Number(slot), accept, {
      contentType: shown.contentType,
      created: view?.includesCreated ?? false,
      selection: view?.selection,
    });
  }

  return pageHandler(pageFor);
}

async function totals(
  register: AnyRegistry | undefined,
  others: readonly AnyRegistry[],
  accept: string | undefined,
): Promise<Page> {
  const shown = register ?? applicationPage();
  const role = clusterRole();
  // An object without this method may ask all processes itself.
  if (role !== undefined && 'registerMetric' in shown && isPlain(shown)) {
    return plain(
      503,
      `This cluster ${role} does not share its metrics: set PROMETHEUS_MULTIPROC_DIR and call share()`,
    );
  }
  const ofShown = shown instanceof ApplicationView ? undefined : sharedRegistry(shown);
  const slot = isPlain(shown) ? undefined : (ofShown ?? sharedRegistries()[0])?.slot;
  const all = [shown, ...others];
  const body = async (format: PageFormat): Promise<string | Buffer> =>
    joinPages(await Promise.all(all.map((one) => pageIn(format, one, slot))), format);
  const { contentType } = shown;
  const offersOpen = all.some((one) => viewOf(one)?.includesCreated || hasExemplars(one));
  const { format, contentType: answered } = negotiate(accept, contentType, offersOpen);
  try {
    return { status: 200, contentType: answered, body: await body(format) };
  } catch (error) {
    if (!(error instanceof UnknownTextError)) throw error;
    // The text of an object that is not a prom-client metric: Prometheus may still be able to read it.
    return { status: 200, contentType, body: await body(formatOf(contentType)) };
  }
}

async function pageIn(
  format: PageFormat,
  shown: Shown,
  slot: ProcessSlot | undefined,
): Promise<string | Buffer> {
  if (shown instanceof ApplicationView) return shown.view.page(format);
  const page = await sharedRegistry(shown)?.page(format);
  if (page !== undefined) return page;
  const native = formatOf(shown.contentType);
  const isConverted = native.syntax !== format.syntax;
  // Text of OpenMetrics registries has them.
  const kind = isConverted && native.syntax === 'text' ? 'withExemplars' : 'text';
  const isOfClient = isPlain(shown) || (isKeptPlain(shown) && clusterRole() === undefined);
  const text = await (isOfClient ? plainText(shown, slot, kind) : shown.metrics());
  return isConverted ? renderPage(convertText(text, native, format), format) : text;
}

/** Undefined if the registry is not shared. */
function viewOf(shown: Shown): RegistryView | undefined {
  return shown instanceof ApplicationView ? shown.view : sharedRegistry(shown)?.view;
}

/** Whether the registry is not shared. False for registries that `keepPlain()` has changed: their `metrics()` rejects with the reason in a cluster. */
function isPlain(shown: Shown): boolean {
  return !(shown instanceof ApplicationView) && !isShared(shown) && !isKeptPlain(shown);
}

/** Whether its page has exemplars. If the application has replaced the `metrics()` of a shared registry, its text has none. */
function hasExemplars(shown: Shown): boolean {
  if (!(shown instanceof ApplicationView) && sharedRegistry(shown)?.isReplaced) return false;
  if (viewOf(shown)?.hasExemplars) return true;
  const registers = shown instanceof ApplicationView ? shown.registers : [internalsOf(shown)];
  // An application may pass an object that only has `contentType` and `metrics()`.
  const metrics = registers.flatMap((register) => register.getMetricsAsArray?.() ?? []);
  return metrics.some(({ enableExemplars }) => enableExemplars === true);
}
