/**
 * A preload (`node --import`) that makes the library and its tests, with the programs they start, use another version of
 * prom-client. `PROM_CLIENT_IN_PLACE` is its package name or its folder.
 */
import { registerHooks } from 'node:module';

const OURS = ['../../src/', '../'].map((folder) => new URL(folder, import.meta.url).href);
const inPlace = process.env.PROM_CLIENT_IN_PLACE;

if (inPlace !== undefined) {
  registerHooks({
    resolve(name, context, next) {
      const isOurs = OURS.some((folder) => context.parentURL?.startsWith(folder));
      return next(name === 'prom-client' && isOurs ? inPlace : name, context);
    },
  });
}
