import { ComposeProject } from '../../../../e2e/support/compose-project.ts';
import { poll } from '../../../../packages/prom-multiproc/test/support/poll.ts';
import { peerStack } from './peer-stack.ts';

const ANSWER_DEADLINE_MS = 30_000;

/** Seconds until `docker compose up --wait` has ended and the public port answers, with all images present. */
export const STARTS: Readonly<Record<string, () => Promise<number>>> = {
  ours: () => startTime(new ComposeProject('start', [], {})),
  bare: () => startTime(peerStack('start', 'bare.mjs')),
  prom_client: () => startTime(peerStack('start', 'prom-client.mjs')),
};

async function startTime(stack: ComposeProject): Promise<number> {
  const began = performance.now();
  try {
    await stack.upAndWait();
    const url = await stack.published('nginx', 8040);
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
