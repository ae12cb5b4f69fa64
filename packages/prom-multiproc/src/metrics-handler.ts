import { applicationPage, type Shown } from './application-page.ts';
import type { AnyRegistry } from './client/client-internals.ts';
import { globalRegister } from './client/clients.ts';
import { readAhead } from './merge/read-ahead.ts';
import { clusterRole } from './os/cluster-role.ts';
import { type Page, type PageHandler, pageHandler, plain, workerPage } from './page-handler.ts';
import { plainText } from './process/plain-registry.ts';
import { sharedRegistries } from './process/shared-registry.ts';
import { keepApart } from './process/unshared-metrics.ts';
import { isKeptPlain } from './process/unsupported-platform.ts';
import { Reader } from './reader.ts';
import { isShared, sharedDirectory, sharedRegistry, stepsAhead } from './share.ts';

const OPENMETRICS_END = /# EOF\n?$/;
const WORKER_PATH = /\/workers\/(\d{1,4})$/;

/**
 * Answers requests for metrics: the totals of `register`, or what one worker counted where the path ends with
 * `/workers/<slot>`. GET and HEAD only; gzip where asked for. 503 with the reason where the totals cannot be had, and in
 * a process of a cluster that does not share: one worker's view is never passed off as the application's.
 * The metrics of `others` follow: registries of this process alone, such as a primary's own. They stay unshared, which
 * `Registry.merge()` with a shared one would not leave them.
 *
 * Outside of the workers of a cluster it looks ten times a second whether there are new series, and reads their names: the
 * first request does not wait for that.
 */
export function metricsHandler(register?: AnyRegistry, ...others: readonly AnyRegistry[]): PageHandler {
  let reader: Reader | undefined;
  const { contentType } = register ?? globalRegister();
  const other = others.find((one) => one.contentType !== contentType);
  if (other !== undefined)
    throw new TypeError(
      `metricsHandler: registries of ${contentType} and of ${other.contentType}: give both one content type`,
    );
  for (const one of others) keepApart(one);

  // A worker is asked by chance, and has other things to do.
  if (clusterRole() !== 'worker') readAhead(() => stepsAhead(register));

  async function pageFor(path: string): Promise<Page> {
    const slot = WORKER_PATH.exec(path)?.[1];
    if (slot === undefined) return totals(register, others);
    const directory = sharedDirectory();
    if (directory === undefined)
      return plain(404, 'There are no workers: PROMETHEUS_MULTIPROC_DIR is not set');
    reader ??= new Reader(directory);
    return workerPage(reader, Number(slot));
  }

  return pageHandler(pageFor);
}

async function totals(register: AnyRegistry | undefined, others: readonly AnyRegistry[]): Promise<Page> {
  const shown = register ?? applicationPage();
  const oneOfMany = clusterRole();
  if (oneOfMany !== undefined && isPlain(shown)) {
    return plain(
      503,
      `This ${oneOfMany} of a cluster does not share its metrics: set PROMETHEUS_MULTIPROC_DIR and call share()`,
    );
  }
  const slot = isPlain(shown)
    ? undefined
    : (sharedRegistry(shown as AnyRegistry) ?? sharedRegistries()[0])?.slot;
  const texts = await Promise.all(
    [shown, ...others].map((one, i) =>
      isPlain(one) || (i > 0 && !isShared(one as AnyRegistry) && !isKeptPlain(one as AnyRegistry))
        ? plainText(one as AnyRegistry, slot)
        : one.metrics(),
    ),
  );
  return { status: 200, contentType: shown.contentType, text: joined(texts) };
}

/** Whether this process alone counts in it. One that is kept plain refuses by itself, and knows why. */
function isPlain(shown: Shown): shown is AnyRegistry {
  return 'registerMetric' in shown && !isShared(shown as AnyRegistry) && !isKeptPlain(shown as AnyRegistry);
}

/** One exposition of several: in OpenMetrics only the last one may say that it is the end. */
function joined(texts: readonly string[]): string {
  return texts.map((text, i) => (i < texts.length - 1 ? text.replace(OPENMETRICS_END, '') : text)).join('');
}
