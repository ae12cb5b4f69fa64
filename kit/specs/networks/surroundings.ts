import { resolve } from 'node:path';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../../test-kit/docker.ts';
import type { Listening } from './listen.ts';
import type { Seen } from './reach.ts';

const PROGRAMS = resolve(import.meta.dirname);
const DEADLINE = { deadlineMs: 60_000 };
/** Nobody on the machine, as a guest of it. */
const NOBODY = '65534:65534';

/**
 * What is around a stack: a service of the machine on all its addresses, a container of somebody else, and one that stands for the
 * internet. To that one the machine sends what a container sends to it, as to any address outside, and like the internet it has no
 * way back to a container's own address.
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

  /** `image` holds Node. */
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
    await docker(['network', 'create', this.#of('stranger')]);
    await this.#listener('stranger', '--network', this.#of('stranger'));
  }

  async stop(): Promise<void> {
    const names = ['outside', 'machine', 'stranger'].map((name) => this.#of(name));
    await docker(['rm', '--force', ...names]).catch(() => {});
    if (this.#forwarded !== undefined) {
      for (const way of ['-i', '-o']) {
        await this.firewall('-D', `DOCKER-USER ${way} ${this.#forwarded} -j ACCEPT`).catch(() => {});
      }
    }
    await docker(['network', 'rm', this.#of('outside')]).catch(() => {});
    await docker(['network', 'rm', this.#of('stranger')]).catch(() => {});
  }

  /** Of the machine: any of these leads to it, from where there is a way at all. */
  get machine(): Listening {
    return this.#machine!;
  }

  get outside(): Listening {
    return this.#outside!;
  }

  /** The machine's own iptables, which the engine needs, too. */
  async firewall(command: '-I' | '-D', rule: string): Promise<void> {
    const asRoot = ['--user', '0:0', '--cap-add', 'NET_ADMIN', '--network', 'host', '--volume', '/:/machine'];
    const iptables = `PATH=/usr/sbin:/sbin:$PATH exec iptables --wait ${command} ${rule}`;
    // The image has no chroot, but Python.
    const chroot =
      'import os, sys; os.chroot("/machine"); os.chdir("/"); os.execv("/bin/sh", ["sh", "-c", sys.argv[1]])';
    await docker(['run', '--rm', ...asRoot, '--entrypoint', 'python3', this.#image, '-c', chroot, iptables]);
  }

  /** As seen by whatever runs in that container. */
  fromContainer(id: string, goals: Readonly<Record<string, readonly string[]>>): Promise<Seen> {
    return this.#reach(goals, '--network', `container:${id}`);
  }

  fromStranger(goals: Readonly<Record<string, readonly string[]>>): Promise<Seen> {
    return this.fromContainer(this.#of('stranger'), goals);
  }

  /** As seen by nobody on the machine. */
  fromMachine(goals: Readonly<Record<string, readonly string[]>>): Promise<Seen> {
    return this.#reach(goals, '--network', 'host');
  }

  /** Options of `docker run` for one of these programs. */
  get #node(): string[] {
    const programs = `${PROGRAMS}:/networks:ro`;
    return ['--user', NOBODY, '--volume', programs, '--entrypoint', 'node', this.#image];
  }

  async #reach(goals: Readonly<Record<string, readonly string[]>>, ...network: string[]): Promise<Seen> {
    const reach = ['/networks/reach.ts', JSON.stringify(goals)];
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
