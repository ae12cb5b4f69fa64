import { execFile, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { projectPrefix } from '../../../e2e/support/run-id.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { docker, dockerClient } from '../../test-kit/docker.ts';
import { buildEngine, buildServices, copyImages } from './nested-engine.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../..');
const ENGINE_DEADLINE = { deadlineMs: 60_000 };
const TAG = process.env.IMAGE_TAG || 'latest';
/** Files of the checkout that the stack file refers to, and the one that the spec adds. */
const FILES = [
  'deploy/swarm',
  'nginx/swarm.conf',
  'prometheus/jobs/swarm.yml',
  'kit/specs/swarm/published.yml',
];

/** A Docker engine in a privileged container: one machine of the Swarm. */
export class SwarmNode {
  readonly container: string;
  readonly name: string;
  address = '';

  constructor(container: string, name: string) {
    this.container = container;
    this.name = name;
  }

  /** Runs a docker command on the engine of this node. */
  docker(...args: string[]): Promise<string> {
    return docker(['exec', this.container, 'docker', ...args]);
  }

  shell(script: string): Promise<string> {
    return docker(['exec', this.container, 'sh', '-euc', script]);
  }

  /** Returns the URL at which a port of this node is published on this machine. */
  async urlOf(port: number): Promise<string> {
    const published = await docker(['port', this.container, `${port}/tcp`]);
    return `http://127.0.0.1:${published.trim().split(':').at(-1)}`;
  }
}

/** A Swarm of one manager and two workers, with the images of this checkout. */
export class SwarmNodes {
  readonly #prefix = `${projectPrefix}-${process.pid}-swarm`;
  readonly nodes: readonly SwarmNode[] = [1, 2, 3].map(
    (number) => new SwarmNode(`${this.#prefix}-${number}`, `node${number}`),
  );
  readonly manager: SwarmNode = this.nodes[0]!;
  readonly #removeOnExit = (): void => this.remove();

  static async start(): Promise<SwarmNodes> {
    const swarm = new SwarmNodes();
    process.once('exit', swarm.#removeOnExit);
    const images = await buildServices('app', 'nginx', 'prometheus');
    const engine = await buildEngine('swarm');
    await docker(['network', 'create', swarm.#prefix]);
    await Promise.all(swarm.nodes.map((node) => swarm.#startEngine(node, engine)));
    // A node is given up 20 to 30 s after its last heartbeat; by default 10 to 15 s, about as long as the cut in the spec.
    const init = ['swarm', 'init', '--dispatcher-heartbeat', '10s', '--advertise-addr'];
    await swarm.manager.docker(...init, swarm.manager.address);
    const token = (await swarm.manager.docker('swarm', 'join-token', '--quiet', 'worker')).trim();
    for (const node of swarm.nodes.slice(1)) {
      await node.docker('swarm', 'join', '--token', token, `${swarm.manager.address}:2377`);
    }
    await Promise.all(swarm.nodes.map((node) => copyImages(images, node.container, 'docker')));
    return swarm;
  }

  /** Deploys deploy/swarm/stack.yml, or updates it. */
  async deploy(stack: string, appTag: string): Promise<void> {
    const copy =
      'root=$0 client=$1 node=$2; shift 2; tar --create --directory "$root" "$@" | "$client" exec --interactive "$node" tar --extract --directory /root';
    await run('sh', ['-euc', copy, ROOT, dockerClient(), this.manager.container, ...FILES]);
    await docker([
      ...[
        'exec',
        '--workdir',
        '/root/deploy/swarm',
        '--env',
        `IMAGE_TAG=${TAG}`,
        '--env',
        `APP_TAG=${appTag}`,
      ],
      ...[this.manager.container, 'docker', 'stack', 'deploy', '--detach=true', '--resolve-image', 'never'],
      ...['--compose-file', 'stack.yml', '--compose-file', '../../kit/specs/swarm/published.yml', stack],
    ]);
  }

  /** Gives the app's image another tag on each node: a new version. */
  async tagApp(tag: string): Promise<void> {
    for (const node of this.nodes)
      await node.docker('tag', `pandoras-express-app:${TAG}`, `pandoras-express-app:${tag}`);
  }

  /** Drops all packets between this node and the others, or no longer. */
  async cut(node: SwarmNode, active: boolean): Promise<void> {
    const others = this.nodes.filter((other) => other !== node);
    const rules = others.flatMap(({ address }) => [
      `INPUT --source ${address}`,
      `OUTPUT --destination ${address}`,
    ]);
    await node.shell(
      rules.map((rule) => `iptables --${active ? 'insert' : 'delete'} ${rule} --jump DROP`).join('\n'),
    );
  }

  /** Synchronous, so that it can run in an exit handler. */
  remove(): void {
    process.removeListener('exit', this.#removeOnExit);
    const containers = this.nodes.map(({ container }) => container);
    for (const command of [
      ['rm', '--force', '--volumes', ...containers],
      ['volume', 'rm', '--force', ...containers],
      ['network', 'rm', '--force', this.#prefix],
    ]) {
      const { status, stderr } = spawnSync(dockerClient(), command, { encoding: 'utf8' });
      if (status !== 0) console.error(`cannot remove the nodes of the Swarm: ${stderr}`);
    }
  }

  async #startEngine(node: SwarmNode, image: string): Promise<void> {
    const ports = [8040, 9090].flatMap((port) => ['--publish', `127.0.0.1:0:${port}`]);
    await docker([
      ...['run', '--detach', '--privileged', '--init', '--name', node.container, '--hostname', node.name],
      ...['--network', this.#prefix, ...ports],
      // Layers of images cannot be on the overlay file system of a container.
      ...['--volume', `${node.container}:/var/lib/docker`, image],
    ]);
    const format = `{{(index .NetworkSettings.Networks "${this.#prefix}").IPAddress}}`;
    node.address = (await docker(['inspect', '--format', format, node.container])).trim();
    await poll(`the engine of ${node.name}`, () => node.docker('info'), ENGINE_DEADLINE);
  }
}
