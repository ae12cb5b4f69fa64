// A primary and two workers that count 1,000 each; one is killed, and a third counts 1,000 more.
import cluster from 'node:cluster';
import { once } from 'node:events';
import client from 'prom-client';
import { share } from 'prom-multiproc';
import { clearDirectory } from 'prom-multiproc/clear-directory';

if (cluster.isPrimary) await clearDirectory(process.env.PROMETHEUS_MULTIPROC_DIR, { waitMs: 0 });
share(client.register);
const requests = new client.Counter({ name: 'requests_total', help: 'x', labelNames: ['status'] });
const seconds = new client.Histogram({ name: 'seconds', help: 'x', buckets: [1, 2] });

if (cluster.isPrimary) {
  const counted = async () => {
    const worker = cluster.fork();
    await once(worker, 'message');
    return worker;
  };
  const [first, second] = [await counted(), await counted()];
  first.process.kill('SIGKILL');
  await once(first, 'exit');
  const third = await counted();
  console.log(await client.register.metrics());
  for (const worker of [second, third]) worker.process.kill('SIGKILL');
} else {
  for (let i = 0; i < 1000; i++) {
    requests.inc({ status: '200' });
    seconds.observe(1.5);
  }
  process.send('counted');
}
