import { spawn } from 'node:child_process';
import { underLoad } from '../../../kit/test-kit/under-load.ts';

/**
 * `under-load.ts PROGRAM...`: runs the program while clients send GET and POST to the stack on the default ports. Fails unless the
 * program succeeds, every request is answered and counted, and no counter decreases.
 */

const STACK = { publicUrl: 'http://127.0.0.1:8040', metricsUrl: 'http://127.0.0.1:9040' };
/** Below the rate that nginx allows one client, 550/s. */
const LOAD = {
  connections: 4,
  pauseMs: 30,
  maxRequests: 200_000,
  durationMs: 600_000,
  requestTimeoutMs: 15_000,
};

const [file = '', ...args] = process.argv.slice(2);
let status: number | null = null;
const { summary, failures } = await underLoad(STACK, LOAD, async () => {
  status = await new Promise((resolve) => spawn(file, args, { stdio: 'inherit' }).on('close', resolve));
});
console.log(`under load: ${summary}`);
for (const failure of failures) console.log(`does not hold: ${failure}`);
process.exitCode = status === 0 && failures.length === 0 ? 0 : 1;
