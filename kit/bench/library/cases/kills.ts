/**
 * A cluster under load whose workers get killed: `kills.ts <side> <workers>`. Its parent hears both ports, and may say
 * `kill <n>`: the n-th of the living workers, which is replaced at once.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Client, clientOf, isOurs } from '../sides.ts';
import { countForAll, doorOf } from './door.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const [side, workers] = process.argv.slice(2) as [string, string];
const client: Client = clientOf(side);

if (cluster.isPrimary) await runPrimary();
else runWorker();

async function runPrimary(): Promise<void> {
  if (isOurs(side)) process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory();
  const metrics = createServer(doorOf(side, client)).listen(0, '127.0.0.1');
  await once(metrics, 'listening');
  const living: Worker[] = [];
  process.once('disconnect', () => {
    for (const worker of living) worker.process.kill('SIGKILL');
    process.exit(0);
  });
  const fork = (): Worker => {
    const worker = cluster.fork();
    worker.once('exit', () => {
      const at = living.indexOf(worker);
      if (at >= 0) living.splice(at, 1);
      living.push(fork());
    });
    return worker;
  };
  for (let i = 0; i < Number(workers); i++) living.push(fork());
  const ports = await Promise.all(living.map(async (worker) => (await once(worker, 'listening'))[0].port));
  process.send!({ app: ports[0], metrics: (metrics.address() as AddressInfo).port });

  process.on('message', (question: string) => {
    const victim = living[Number(question.split(' ')[1]) % living.length]!;
    victim.process.kill('SIGKILL');
    process.send!(victim.process.pid);
  });
}

function runWorker(): void {
  countForAll(side, client);
  const requests = new client.Counter({ name: 'requests_total', help: 'Requests', labelNames: ['status'] });
  createServer((_request, response) => {
    requests.inc({ status: '200' });
    // A connection each, so that each goes to the next worker.
    response.setHeader('Connection', 'close');
    response.end('ok\n');
  }).listen(0, '127.0.0.1');
}
