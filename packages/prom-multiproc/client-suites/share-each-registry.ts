/**
 * Preloaded (`node --import`), it shares each registry of the clients of the checkout in `CLIENT_SUITES_CHECKOUT` at its
 * first metric, in a directory of this process's own.
 */
import { mkdtempSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { CLIENT_SUITES_CHECKOUT = '.', CLIENT_SUITES_DIR = '' } = process.env;
const checkout = pathToFileURL(join(CLIENT_SUITES_CHECKOUT, 'package.json')).href;
const library = new URL('../src/', import.meta.url).href;

registerHooks({
  resolve(name, context, next) {
    const isClient = name === 'prom-client' || name === '@prometheus-io/client';
    const fromLibrary = isClient && context.parentURL?.startsWith(library);
    return next(name, fromLibrary ? { ...context, parentURL: checkout } : context);
  },
});

process.env.PROMETHEUS_MULTIPROC_DIR = mkdtempSync(join(CLIENT_SUITES_DIR, 'process-'));
const { allClients } = await import('../src/client/clients.ts');
const { internalsOf, isStoredMetric } = await import('../src/client/client-internals.ts');
const { share } = await import('../src/share.ts');

for (const { Registry } of allClients()) {
  const prototype = internalsOf(Registry.prototype);
  const { registerMetric } = prototype;
  prototype.registerMetric = function registerAndShare(metric) {
    registerMetric.call(this, metric);
    if (isStoredMetric(metric)) share(this as never, { selfMetrics: false });
  };
}
