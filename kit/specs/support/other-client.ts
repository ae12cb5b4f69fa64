import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Stack } from '../../../e2e/support/stack.ts';
import { docker, dockerClient } from '../../test-kit/docker.ts';
import type { AttackName } from '../other-client/attacks.ts';
import type { Outcomes } from '../other-client/connections.ts';

const PROGRAM = resolve(import.meta.dirname, '../other-client');
const BEGIN_DEADLINE_MS = 120_000;
/** The connections of an attack, and some. */
const OPEN_FILES = 10_000;

interface Attached {
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  readonly Image: string;
}

/**
 * A client beside the test: a container on nginx' network of strangers, so that nginx sees an address of its own. What comes through a
 * published port has the address of the network's gateway, all of it.
 */
export class OtherClient {
  readonly #child: ChildProcess;
  readonly #outcome: Promise<Outcomes>;

  private constructor(child: ChildProcess, outcome: Promise<Outcomes>) {
    this.#child = child;
    this.#outcome = outcome;
  }

  /** Resolves once all of the attack is under way. */
  static async start(stack: Stack, attack: AttackName): Promise<OtherClient> {
    const [nginx, app] = await Promise.all([inspect(stack, 'nginx'), inspect(stack, 'app')]);
    const edge = ([name]: readonly [string, unknown]) => name.endsWith('_edge');
    const [network, address] = Object.entries(nginx.NetworkSettings.Networks).find(edge) ?? [];
    if (network === undefined) throw new Error('nginx is in no network called edge');
    const child = spawn(
      dockerClient(),
      // prettier-ignore
      [
        ...['run', '--rm', '--interactive', '--network', network, '--read-only', '--cap-drop', 'ALL'],
        ...['--ulimit', `nofile=${OPEN_FILES}`, '--volume', `${PROGRAM}:/other-client:ro`],
        ...['--entrypoint', 'node', app.Image, '/other-client/main.ts', address!.IPAddress, '8040', attack],
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
      const ended = new Error(`the client with the attack ${attack} ended with ${code}`);
      begun.reject(ended);
      outcome.reject(ended);
    });
    const late = setTimeout(
      () => begun.reject(new Error(`the attack ${attack} was not under way within ${BEGIN_DEADLINE_MS} ms`)),
      BEGIN_DEADLINE_MS,
    );
    const client = new OtherClient(child, outcome.promise);
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

  /** Ends the attack, and says what came of it. */
  async end(): Promise<Outcomes> {
    this.#child.stdin!.end();
    return this.#outcome;
  }
}

async function inspect(stack: Stack, service: 'nginx' | 'app'): Promise<Attached> {
  const [container] = JSON.parse(await docker(['inspect', await stack.containerId(service)])) as Attached[];
  return container!;
}
