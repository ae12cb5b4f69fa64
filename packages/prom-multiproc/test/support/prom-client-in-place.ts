/**
 * Preloaded (`node --import`), it runs the library, its tests and the programs they start with another version of
 * prom-client: the package that `PROM_CLIENT_IN_PLACE` names, or the folder it is in.
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
