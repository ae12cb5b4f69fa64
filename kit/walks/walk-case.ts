/**
 * `node walk-case.ts LIBRARY WALK [--debug]`: makes one call and prints the functions of LIBRARY/src that it executes, as JSON. LIBRARY
 * is the directory of the library, WALK one of `WALKS`. With `--debug` it waits for a debugger before the call and prints nothing.
 */
import inspector from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Registry } from 'prom-client';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import type { ExecutedFunction, WalkName } from './walk.ts';

type Call = () => unknown;

const [library, walk, debug] = process.argv.slice(2) as [string, WalkName, string?];
const source = pathToFileURL(join(library, 'src/')).href;
const { share } = (await import(`${source}index.ts`)) as typeof import('prom-multiproc');
const client = createRequire(`${source}index.ts`)('prom-client') as typeof import('prom-client');

/** Each function makes the preparations and returns the call to measure. */
const CALLS: Record<WalkName, (register: Registry) => Call | Promise<Call>> = {
  'known series': (register) => {
    const counter = makeCounter(register);
    counter.inc({ route: '/' });
    return () => counter.inc({ route: '/' });
  },
  'first count of a series': (register) => {
    const counter = makeCounter(register);
    counter.inc({ route: '/' });
    return () => counter.inc({ route: '/new' });
  },
  'first count of a process': (register) => {
    const counter = makeCounter(register);
    return () => counter.inc({ route: '/' });
  },
  'warm scrape': async (register) => {
    makeCounter(register).inc({ route: '/' });
    await register.metrics();
    await register.metrics();
    return () => register.metrics();
  },
};

function makeCounter(register: Registry) {
  return new client.Counter({ name: 'walks_total', help: 'x', labelNames: ['route'], registers: [register] });
}

/** Returns the functions that `call` executes; the top-level code of a loaded module counts as one. */
async function executed(call: Call): Promise<ExecutedFunction[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await call();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  return result
    .filter(({ url }) => url.startsWith(source))
    .flatMap(({ url, functions }) =>
      functions
        .filter(({ ranges }) => ranges[0]!.count > 0)
        .map(({ ranges }) => ({ file: url.slice(source.length), start: ranges[0]!.startOffset })),
    );
}

process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory(thisProcess);
// No refresh during the call.
process.env.PROMETHEUS_MULTIPROC_REFRESH_MS = '3600000';
const register = new client.Registry();
share(register);
const call = await CALLS[walk](register);
// Let deferred work of the preparations finish.
for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
if (debug === undefined) console.log(JSON.stringify(await executed(call)));
else {
  inspector.open(0, '127.0.0.1', true);
  await call();
  inspector.close();
}
