import { resolve } from 'node:path';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../../test-kit/docker.ts';
import type { Listening } from './listen.ts';
import type { Seen } from './reach.ts';

const PROGRAMS = resolve(import.meta.dirname);
const DEADLINE = { deadlineMs: 60_000 };
/** User and group `nobody`. */
const NOBODY = '65534:65534';

/**
 * The surroundings of a stack: a service on all addresses of the machine, a container of another project, and a container that stands
 * for the internet. The machine forwards packets to the last one as to any outside address, and that one has no route back to a
 * container's own address.
 */
export class Surroundings {
  readonly #name: string;
  readonly #image: string;
  #forwarded: string | undefined;
  #machine: Listening | undefined;
  #outside: Listening | undefined;

  private constructor(name: string, image: string) {
    this.#name = name;
    this.#image = image;
  }

  /** Starts all three. `image` must contain Node and Python. */
  static async start(name: string, image: string): Promise<Surroundings> {
    const surroundings = new Surroundings(name, image);
    try {
      await surroundings.#start();
    } catch (error) {
      await surroundings.stop();
      throw error;
    }
    return surroundings;
  }

  async #start(): Promise<void> {
    const network = (await docker(['network', 'create', '--internal', this.#of('outside')])).trim();
    this.#forwarded = `br-${network.slice(0, 12)}`;
    for (const way of ['-i', '-o'])
      await this.firewall('-I', `DOCKER-USER ${way} ${this.#forwarded} -j ACCEPT`);
    this.#outside = await this.#listener('outside', '--network', this.#of('outside'));
    this.#machine = await this.#listener('machine', '--network', 'host');
    await docker(['network', 'create', this.#of('other-container')]);
    await this.#listener('other-container', '--network', this.#of('other-container'));
  }

  async stop(): Promise<void> {
    const names = ['outside', 'machine', 'other-container'].map((name) => this.#of(name));
    await docker(['rm', '--force', ...names]).catch(() => {});
    if (this.#forwarded !== undefined) {
      for (const way of ['-i', '-o']) {
        await this.firewall('-D', `DOCKER-USER ${way} ${this.#forwarded} -j ACCEPT`).catch(() => {});
      }
    }
    await docker(['network', 'rm', this.#of('outside')]).catch(() => {});
    await docker(['network', 'rm', this.#of('other-container')]).catch(() => {});
  }

  /** The service of the machine. */
  get machine(): Listening {
    return this.#machine!;
  }

  get outside(): Listening {
    return this.#outside!;
  }

  /** Adds or deletes a rule with the machine's own iptables. */
  async firewall(command: '-I' | '-D', rule: string): Promise<void> {
    const asRoot = ['--user', '0:0', '--cap-add', 'NET_ADMIN', '--network', 'host', '--volume', '/:/machine'];
    const iptables = `PATH=/usr/sbin:/sbin:$PATH exec iptables --wait ${command} ${rule}`;
    // The image has no chroot command; Python has one.
    const chroot =
      'import os, sys; os.chroot("/machine"); os.chdir("/"); os.execv("/bin/sh", ["sh", "-c", sys.argv[1]])';
    await docker(['run', '--rm', ...asRoot, '--entrypoint', 'python3', this.#image, '-c', chroot, iptables]);
  }

  /** What a process in that container reaches. */
  fromContainer(id: string, targets: Readonly<Record<string, readonly string[]>>): Promise<Seen> {
    return this.#reach(targets, '--network', `container:${id}`);
  }

  fromOtherContainer(targets: Readonly<Record<string, readonly string[]>>): Promise<Seen> {
    return this.fromContainer(this.#of('other-container'), targets);
  }

  /** What a user of the machine reaches. */
  fromMachine(targets: Readonly<Record<string, readonly string[]>>): Promise<Seen> {
    return this.#reach(targets, '--network', 'host');
  }

  /** Options of `docker run` for the programs of this folder. */
  get #node(): string[] {
    const programs = `${PROGRAMS}:/networks:ro`;
    return ['--user', NOBODY, '--volume', programs, '--entrypoint', 'node', this.#image];
  }

  async #reach(targets: Readonly<Record<string, readonly string[]>>, ...network: string[]): Promise<Seen> {
    const reach = ['/networks/reach.ts', JSON.stringify(targets)];
    return JSON.parse(await docker(['run', '--rm', ...network, ...this.#node, ...reach])) as Seen;
  }

  async #listener(name: string, ...network: string[]): Promise<Listening> {
    const named = [
      '--detach',
      '--name',
      this.#of(name),
      '--label',
      `pandoras-express.surroundings=${this.#name}`,
    ];
    await docker(['run', ...named, ...network, ...this.#node, '/networks/listen.ts']);
    return poll(
      `${name} listens`,
      async () => JSON.parse(await docker(['logs', this.#of(name)])) as Listening,
      DEADLINE,
    );
  }

  #of(name: string): string {
    return `${this.#name}-${name}`;
  }
}
