import { ComposeProject } from '../../../../e2e/support/compose-project.ts';
import { poll } from '../../../../packages/prom-multiproc/test/support/poll.ts';
import { PeerStack } from './peer-stack.ts';

const ANSWER_DEADLINE_MS = 30_000;

/** Seconds until `docker compose up --wait` has ended and the public port answers, with all images present. */
export const STARTS: Readonly<Record<string, () => Promise<number>>> = {
  async ours() {
    const stack = new ComposeProject('start', [], {});
    return startTime(stack, async () => {
      await stack.compose('up', '--detach', '--wait');
      return stack.published('nginx', 8040);
    });
  },
  bare: () => peer('bare.mjs'),
  prom_client: () => peer('prom-client.mjs'),
};

async function peer(app: ConstructorParameters<typeof PeerStack>[1]): Promise<number> {
  const stack = new PeerStack('start', app);
  return startTime(stack, async () => {
    await stack.up();
    return stack.publicUrl();
  });
}

async function startTime(stack: { down(): void }, up: () => Promise<string>): Promise<number> {
  const began = performance.now();
  try {
    const url = await up();
    const answers = () =>
      fetch(`${url}/ping`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      );
    await poll(`an answer of ${url}/ping`, answers, { deadlineMs: ANSWER_DEADLINE_MS });
    return (performance.now() - began) / 1000;
  } finally {
    stack.down();
  }
}
