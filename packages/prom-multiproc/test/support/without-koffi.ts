/** Preloaded, it makes koffi fail to load as it does where it has no binary for the platform. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'koffi') throw new Error('Cannot find the native Koffi module');
    return next(specifier, context);
  },
});
