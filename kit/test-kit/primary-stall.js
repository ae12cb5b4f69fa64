// @ts-check
/** Preloaded into the application: the primary logs its longest event-loop delay once a second, in milliseconds. */
import cluster from 'node:cluster';
import { monitorEventLoopDelay } from 'node:perf_hooks';

if (cluster.isPrimary && process.argv[1]?.endsWith('demo-app/src/main.js')) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  setInterval(() => {
    process.stdout.write(`${JSON.stringify({ msg: 'primary stall', ms: delay.max / 1e6 })}\n`);
    delay.reset();
  }, 1000).unref();
}
