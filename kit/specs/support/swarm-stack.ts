import { type ProxiedEntry, parseAccessLine } from '../../../e2e/support/access-log.ts';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import type { SwarmNode, SwarmNodes } from './swarm-nodes.ts';

const STACK = 'kit';
const START = { deadlineMs: 180_000, everyMs: 1_000 };
const REPLICAS = 3;

/** A running container of the app. */
export interface Replica {
  readonly id: string;
  readonly node: SwarmNode;
  /** Its address for nginx, as in the access log. */
  readonly upstream: string;
  /** Its address for Prometheus, as in the label `instance`. */
  readonly instance: string;
}

/** Entries by node. */
export type AccessLog = readonly (readonly ProxiedEntry[])[];

/** The stack of deploy/swarm on the nodes of a test. */
export class SwarmStack {
  readonly swarm: SwarmNodes;
  prometheusUrl = '';

  private constructor(swarm: SwarmNodes) {
    this.swarm = swarm;
  }

  /** Deploys the stack and waits until all its tasks run, which means that they are healthy. */
  static async deploy(swarm: SwarmNodes, appTag: string): Promise<SwarmStack> {
    const stack = new SwarmStack(swarm);
    await swarm.deploy(STACK, appTag);
    const tasks = REPLICAS + swarm.nodes.length + 2;
    await poll('all tasks running', async () => (await stack.#running()) === tasks || undefined, START);
    stack.prometheusUrl = await swarm.manager.urlOf(9090);
    return stack;
  }

  /** Replaces all replicas by those of another tag and waits until the update has ended. Returns its state. */
  async update(appTag: string): Promise<string> {
    await this.swarm.deploy(STACK, appTag);
    const state = ['service', 'inspect', '--format', '{{.UpdateStatus.State}}', `${STACK}_app`];
    return poll(
      'the end of the update',
      async () => {
        const now = (await this.swarm.manager.docker(...state)).trim();
        return now === 'updating' ? undefined : now;
      },
      START,
    );
  }

  /** Returns the running replicas on these nodes. */
  async replicas(nodes: readonly SwarmNode[] = this.swarm.nodes): Promise<Replica[]> {
    const found = await Promise.all(nodes.map((node) => this.#replicasOn(node)));
    return found.flat();
  }

  /** Returns the requests that nginx has logged on these nodes, without those of `before` on each node. */
  async accessLog(nodes: readonly SwarmNode[], before: AccessLog = []): Promise<AccessLog> {
    const logs = await Promise.all(
      nodes.map((node) =>
        node.shell(`docker logs "$(docker ps --quiet --filter name=${STACK}_nginx)" 2>/dev/null`),
      ),
    );
    return logs.map((log, i) => {
      const entries = log.split('\n').map(parseAccessLine);
      return entries.filter((entry) => entry !== undefined).slice(before[i]?.length ?? 0);
    });
  }

  /** What to look at when a test fails. */
  async tasks(): Promise<string> {
    return this.swarm.manager.docker('stack', 'ps', '--no-trunc', STACK);
  }

  async #running(): Promise<number> {
    const format = ['--filter', 'desired-state=running', '--format', '{{.CurrentState}}'];
    const states = await this.swarm.manager.docker('stack', 'ps', ...format, STACK);
    return states.match(/^Running /gm)?.length ?? 0;
  }

  async #replicasOn(node: SwarmNode): Promise<Replica[]> {
    const ids = await node.docker('ps', '--quiet', '--no-trunc', '--filter', `name=${STACK}_app`);
    return Promise.all(
      ids
        .split('\n')
        .filter((id) => id !== '')
        .map(async (id) => {
          const networks = JSON.parse(
            await node.docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', id),
          ) as Record<string, { IPAddress: string }>;
          return {
            id,
            node,
            upstream: `${networks[`${STACK}_backend`]!.IPAddress}:8041`,
            instance: `${networks[`${STACK}_scrape`]!.IPAddress}:9041`,
          };
        }),
    );
  }
}
