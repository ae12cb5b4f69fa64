import { Resolver } from 'node:dns/promises';
import { describeError, log } from './core/log.ts';
import { addressesOf } from './replicas/look-up.ts';
import { ReplicaList } from './replicas/replica-list.ts';
import { createReplicaServer } from './replicas/replica-server.ts';

/**
 * `serve-replicas.ts NAME PORT KEEP_SECONDS LISTEN_PORT` lists the addresses of the DNS name, each with PORT, at
 * `http://:LISTEN_PORT/targets` for Prometheus. An address stays listed for KEEP_SECONDS after it has left DNS. Exits with 2 on wrong
 * arguments.
 */

const USAGE = 'usage: serve-replicas.ts NAME PORT KEEP_SECONDS LISTEN_PORT';
const LOOK_UP_MS = 1_000;

const [name, ...numbers] = process.argv.slice(2);
const [port, keepSeconds, listenPort] = numbers.map(Number);
if (!name || numbers.length !== 3 || !numbers.every((number) => /^\d{1,5}$/.test(number))) {
  console.error(`${USAGE}; got: ${process.argv.slice(2).join(' ')}`);
  process.exit(2);
}

const resolver = new Resolver({ timeout: LOOK_UP_MS, tries: 2 });
const list = new ReplicaList({
  lookUp: () => addressesOf(name, resolver),
  port: port!,
  keepMs: 1_000 * keepSeconds!,
  now: () => performance.now(),
});
let reason = '';

async function refresh(): Promise<void> {
  try {
    await list.refresh();
    reason = '';
  } catch (error) {
    if (reason !== String(error))
      log('warn', 'cannot look up the replicas; keeping the list', { name, ...describeError(error) });
    reason = String(error);
  }
  setTimeout(refresh, LOOK_UP_MS);
}

await refresh();
createReplicaServer(list).listen(listenPort);
log('info', 'lists replicas', { name, port, keep_seconds: keepSeconds, listen_port: listenPort });
