import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Ends the namespaces of a test that was killed. */
const MAX_SECONDS = 240;

/**
 * Three connected network namespaces: clients, a host and a container. The caller's namespace is the host, so run it in a new one
 * (`unshare --net`); the machine's own network stays unchanged.
 */
export class Network {
  readonly #client = namespace();
  readonly #container = namespace();

  constructor() {
    run('ip', 'link', 'set', 'lo', 'up');
    this.#wire('clients', this.#client);
    this.#wire('bridge', this.#container);
    for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'])
      writeFileSync(`/proc/sys/net/${key}`, '1');
    host('clients', '192.0.2.1/24', '2001:db8:1::1/48');
    host('bridge', '172.18.0.1/16', '2001:db8:2::1/64');
    for (const address of ['192.0.2.11/24', '192.0.2.12/24'])
      this.inClient('ip', 'address', 'add', address, 'dev', 'clients');
    // Two addresses of one /64 network, and one of another.
    for (const address of ['2001:db8:1::11/48', '2001:db8:1::12/48', '2001:db8:1:1::11/48']) {
      this.inClient('ip', 'address', 'add', address, 'dev', 'clients', 'nodad');
    }
    this.inContainer('ip', 'address', 'add', '172.18.0.2/16', 'dev', 'bridge');
    this.inContainer('ip', 'route', 'add', 'default', 'via', '172.18.0.1');
  }

  inClient(...command: string[]): void {
    run(...enter(this.#client, command));
  }

  inContainer(...command: string[]): void {
    run(...enter(this.#container, command));
  }

  /** Starts a program in the client namespace. It exits when its standard input ends. */
  startInClient(...command: string[]) {
    return start(enter(this.#client, command));
  }

  startInContainer(...command: string[]) {
    return start(enter(this.#container, command));
  }

  close(): void {
    for (const pid of [this.#client, this.#container]) process.kill(pid, 'SIGKILL');
  }

  #wire(name: string, other: number): void {
    run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', String(other));
    run('ip', 'link', 'set', name, 'up');
    run(...enter(other, ['ip', 'link', 'set', 'lo', 'up']));
    run(...enter(other, ['ip', 'link', 'set', name, 'up']));
  }
}

function namespace(): number {
  const { pid } = spawn('unshare', ['--net', 'sleep', String(MAX_SECONDS)], { stdio: 'ignore' });
  const own = () => execFileSync('readlink', ['/proc/self/ns/net'], { encoding: 'utf8' });
  const its = () => execFileSync('readlink', [`/proc/${pid}/ns/net`], { encoding: 'utf8' });
  while (its() === own());
  return pid!;
}

function host(wire: string, ipv4: string, ipv6: string): void {
  run('ip', 'address', 'add', ipv4, 'dev', wire);
  run('ip', 'address', 'add', ipv6, 'dev', wire, 'nodad');
}

const enter = (pid: number, command: readonly string[]) => [
  'nsenter',
  '--net',
  '--target',
  String(pid),
  '--',
  ...command,
];

function start([command, ...args]: readonly string[]) {
  return spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

export function run(...[command, ...args]: readonly string[]): string {
  return execFileSync(command!, args, { encoding: 'utf8' });
}
