/**
 * Tests client-connections.nft. client-connections-nft.slow.test.ts runs it in a new network namespace; it throws if a check fails.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../packages/prom-multiproc/test/support/poll.ts';
import { Network, run } from './network.ts';

const RULES = join(import.meta.dirname, '../client-connections.nft');
const LIMIT = 4096;
const ABOVE_LIMIT = 200;
const OTHERS = 100;

/** The address that the clients connect to, their own addresses, and whether a container answers. */
const PATHS = [
  {
    path: 'a program on the host',
    address: '192.0.2.1',
    of: '192.0.2.11',
    same: '192.0.2.11',
    other: '192.0.2.12',
  },
  {
    path: 'a port forwarded to a container',
    address: '192.0.2.1',
    of: '192.0.2.11',
    same: '192.0.2.11',
    other: '192.0.2.12',
    nat: true,
  },
  {
    path: 'a program on the host, by IPv6',
    address: '2001:db8:1::1',
    of: '2001:db8:1::11',
    same: '2001:db8:1::12',
    other: '2001:db8:1:1::11',
  },
];
/** The rules that Docker sets for `8040:8040`. */
const NAT = `table ip nat {
  chain prerouting { type nat hook prerouting priority dstnat; tcp dport 8040 dnat to 172.18.0.2:8040; }
  chain postrouting { type nat hook postrouting priority srcnat; oifname != "bridge" ip saddr 172.18.0.0/16 masquerade; }
}`;
const SERVER = `require('node:net').createServer().listen({ port: 8040, host: '0.0.0.0', backlog: 4096 }, () => console.log('up'))
  .on('connection', (socket) => socket.on('error', () => {}));
process.stdin.resume().once('end', () => process.exit(0));`;

class Crowd {
  connected = 0;
  readonly #child: ChildProcess;

  constructor(network: Network, host: string, address: string, count: number) {
    const program = join(import.meta.dirname, 'crowd.ts');
    this.#child = network.startInClient(process.execPath, program, host, '8040', address, String(count));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.connected = Number(line);
    });
  }

  async end(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await exited;
  }
}

/** Packets dropped so far. */
function dropped(): number {
  const chain = run('nft', 'list', 'chain', 'inet', 'pandoras_express', 'client_connections');
  return [...chain.matchAll(/counter packets (\d+) /g)].reduce(
    (sum, [, packets]) => sum + Number(packets),
    0,
  );
}

const network = new Network();
let answeredOnHost = 0;
const onHost = createServer((socket) => {
  answeredOnHost += 1;
  socket.on('error', () => {});
});
onHost.listen({ port: 8040, host: '::', backlog: 4096 });
await once(onHost, 'listening');
const inContainer = network.startInContainer(process.execPath, '--eval', SERVER);
await once(inContainer.stdout, 'data');
try {
  for (const { path, address, of, same, other, nat = false } of PATHS) {
    // Loaded twice, as on a host that restarts its firewall.
    run('nft', 'flush', 'ruleset');
    run(RULES);
    run(RULES);
    if (nat) run('sh', '-c', `nft -f - <<'END'\n${NAT}\nEND`);
    answeredOnHost = 0;
    const crowd = new Crowd(network, address, of, LIMIT + ABOVE_LIMIT);
    await until(
      `${path}: ${LIMIT} of one client connected, ${ABOVE_LIMIT} dropped`,
      () => crowd.connected >= LIMIT && dropped() >= ABOVE_LIMIT,
    );
    const others = new Crowd(network, address, other, OTHERS);
    await until(`${path}: ${OTHERS} of ${OTHERS} of another client`, () => others.connected === OTHERS);
    const before = dropped();
    const sameClient = new Crowd(network, address, same, 1);
    await until(`${path}: one more of the same client is dropped`, () => dropped() > before);
    assert.deepEqual([crowd.connected, sameClient.connected], [LIMIT, 0], path);
    assert.equal(answeredOnHost, nat ? 0 : LIMIT + OTHERS, `${path}: answered on the host`);
    for (const one of [crowd, others, sameClient]) await one.end();
    const again = new Crowd(network, address, of, OTHERS);
    await until(`${path}: free connections again`, () => again.connected === OTHERS);
    await again.end();
    console.log(
      `${path}: ${LIMIT} of ${LIMIT + ABOVE_LIMIT} of one client, ${OTHERS} of ${OTHERS} of another`,
    );
  }
} finally {
  inContainer.stdin.end();
  network.close();
}
process.exit(0);
