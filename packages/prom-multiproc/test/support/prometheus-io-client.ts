/**
 * A preload (`node --import`) that makes tests, and the programs they start, use @prometheus-io/client instead of prom-client. For
 * the library, prom-client is not installed then. Other packages keep their client.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const LIBRARY = fileURLToPath(new URL('../../src/', import.meta.url));
const TESTS = fileURLToPath(new URL('../', import.meta.url));

registerHooks({
  resolve(name, context, next) {
    const parent = fromUrl(context.parentURL);
    const isLibrary = parent.startsWith(LIBRARY) && !parent.endsWith('.test.ts');
    const isTest = parent.startsWith(TESTS) || (parent.startsWith(LIBRARY) && !isLibrary);
    if (name !== 'prom-client' || !(isLibrary || isTest)) return next(name, context);
    if (isTest) return next('@prometheus-io/client', context);
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  },
});

function fromUrl(url: string | undefined): string {
  return url?.startsWith('file:') ? fileURLToPath(url) : '';
}
