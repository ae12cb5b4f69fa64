/**
 * titles-of-file FILE: the titles of a file of unit tests, as a JSON array. The file is loaded, so that tests made by loops are found, but
 * no test and no hook runs: `node:test` is replaced by a module that notes titles.
 */
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { titles } from './title-recorder.ts';

const recorder = new URL('./title-recorder.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:test' ? { url: recorder, shortCircuit: true } : next(specifier, context),
});

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: titles-of-file FILE');
await import(pathToFileURL(resolve(file)).href);
// A file may have started what would keep this process alive.
process.stdout.write(`${JSON.stringify(titles)}\n`, () => process.exit(0));
