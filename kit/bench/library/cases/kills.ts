/**
 * A cluster whose workers are killed: `kills.ts <side> <workers>`. Sends both ports to the parent. The message `kill <n>` kills the n-th
 * running worker, which is replaced at once.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Client, clientOf, isOurs } from '../sides.ts';
import { joinCluster, metricsListener } from './metrics-listener.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const [side, workers] = process.argv.slice(2) as [string, string];
const client: Client = clientOf(side);

if (cluster.isPrimary) await runPrimary();
else runWorker();

async function runPrimary(): Promise<void> {
  if (isOurs(side)) process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory();
  const metrics = createServer(metricsListener(side, client)).listen(0, '127.0.0.1');
  await once(metrics, 'listening');
  const running: Worker[] = [];
  process.once('disconnect', () => {
    for (const worker of running) worker.process.kill('SIGKILL');
    process.exit(0);
  });
  const fork = (): Worker => {
    const worker = cluster.fork();
    worker.once('exit', () => {
      const at = running.indexOf(worker);
      if (at >= 0) running.splice(at, 1);
      running.push(fork());
    });
    return worker;
  };
  for (let i = 0; i < Number(workers); i++) running.push(fork());
  const ports = await Promise.all(running.map(async (worker) => (await once(worker, 'listening'))[0].port));
  process.send!({ app: ports[0], metrics: (metrics.address() as AddressInfo).port });

  process.on('message', (request: string) => {
    const victim = running[Number(request.split(' ')[1]) % running.length]!;
    victim.process.kill('SIGKILL');
    process.send!(victim.process.pid);
  });
}

function runWorker(): void {
  joinCluster(side, client);
  const requests = new client.Counter({ name: 'requests_total', help: 'Requests', labelNames: ['status'] });
  createServer((_request, response) => {
    requests.inc({ status: '200' });
    // One connection per request, so each request goes to the next worker.
    response.setHeader('Connection', 'close');
    response.end('ok\n');
  }).listen(0, '127.0.0.1');
}
