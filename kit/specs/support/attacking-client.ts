import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { ComposeStack } from '../../../e2e/support/compose-stack.ts';
import { docker, dockerClient } from '../../test-kit/docker.ts';
import type { AttackName } from '../attacking-client/attacks.ts';
import type { Outcomes } from '../attacking-client/connections.ts';

const PROGRAM = resolve(import.meta.dirname, '../attacking-client');
const BEGIN_DEADLINE_MS = 120_000;
/** More than the connections of any attack. */
const OPEN_FILES = 10_000;

interface Attached {
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  readonly Image: string;
}

/**
 * A client in a container on network `edge`, so that nginx sees its own address. All requests through a published port have the
 * address of the network's gateway.
 */
export class AttackingClient {
  readonly #child: ChildProcess;
  readonly #outcome: Promise<Outcomes>;

  private constructor(child: ChildProcess, outcome: Promise<Outcomes>) {
    this.#child = child;
    this.#outcome = outcome;
  }

  /** Resolves once the whole attack is running. */
  static async start(stack: ComposeStack, attack: AttackName): Promise<AttackingClient> {
    const [nginx, app] = await Promise.all([inspect(stack, 'nginx'), inspect(stack, 'app')]);
    const edge = ([name]: readonly [string, unknown]) => name.endsWith('_edge');
    const [network, address] = Object.entries(nginx.NetworkSettings.Networks).find(edge) ?? [];
    if (network === undefined) throw new Error('nginx is not on network edge');
    const child = spawn(
      dockerClient(),
      // prettier-ignore
      [
        ...['run', '--rm', '--interactive', '--network', network, '--read-only', '--cap-drop', 'ALL'],
        ...['--ulimit', `nofile=${OPEN_FILES}`, '--volume', `${PROGRAM}:/attacking-client:ro`],
        ...[
          '--entrypoint',
          'node',
          app.Image,
          '/attacking-client/main.ts',
          address!.IPAddress,
          '8040',
          attack,
        ],
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const begun = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<Outcomes>();
    outcome.promise.catch(() => {});
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line === 'begun') begun.resolve();
      else outcome.resolve(JSON.parse(line) as Outcomes);
    });
    child.once('close', (code) => {
      const ended = new Error(`attack ${attack}: the client exited with ${code}`);
      begun.reject(ended);
      outcome.reject(ended);
    });
    const late = setTimeout(
      () => begun.reject(new Error(`attack ${attack} was not running within ${BEGIN_DEADLINE_MS} ms`)),
      BEGIN_DEADLINE_MS,
    );
    const client = new AttackingClient(child, outcome.promise);
    try {
      await begun.promise;
    } catch (error) {
      child.stdin!.end();
      throw error;
    } finally {
      clearTimeout(late);
    }
    return client;
  }

  /** Ends the attack and returns its outcomes. */
  async end(): Promise<Outcomes> {
    this.#child.stdin!.end();
    return this.#outcome;
  }
}

async function inspect(stack: ComposeStack, service: 'nginx' | 'app'): Promise<Attached> {
  const [container] = JSON.parse(await docker(['inspect', await stack.containerId(service)])) as Attached[];
  return container!;
}
