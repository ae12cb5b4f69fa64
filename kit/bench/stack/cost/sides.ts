import type { ComposeProject } from '../../../../e2e/support/compose-project.ts';
import { LoadStack, type StackOptions } from '../stack.ts';
import { type PeerApp, peerStack } from './peer-stack.ts';

/** A running stack: the URL of its public port, and its containers. */
export interface Side {
  readonly url: string;
  readonly app: string;
  readonly nginx: string;
  down(): void;
}

/** The stacks that are compared. `bare_again` is `bare` once more: the difference between the two is noise. */
export const SIDES: Readonly<Record<string, () => Promise<Side>>> = {
  ours: () => kit('kit'),
  bare: () => peer('bare', 'bare.mjs'),
  bare_again: () => peer('bare-again', 'bare.mjs'),
  prom_client: () => peer('prom-client', 'prom-client.mjs'),
  metrics_off: () => kit('metrics-off', { env: { METRICS: '0' } }),
  log_off: () => kit('log-off', { files: ['kit/bench/stack/cost/no-log.compose.yml'] }),
  shedding_off: () => kit('shedding-off', { env: { MAX_WAIT_MS: '0', MAX_IN_FLIGHT: '0' } }),
};

async function kit(name: string, options: Omit<StackOptions, 'name'> = {}): Promise<Side> {
  return sideOf(await LoadStack.start({ name, ...options }));
}

async function peer(name: string, app: PeerApp): Promise<Side> {
  const stack = peerStack(name, app);
  await stack.upAndWait();
  return sideOf(stack);
}

async function sideOf(stack: ComposeProject): Promise<Side> {
  const [app, nginx] = await Promise.all(['app', 'nginx'].map((service) => stack.containerId(service)));
  const url = `${await stack.published('nginx', 8040)}/ping`;
  return { url, app: app!, nginx: nginx!, down: () => stack.down() };
}
