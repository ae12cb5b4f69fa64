import { existsSync } from 'node:fs';
import { getContainerRuntimeClient, getReaper } from 'testcontainers';

/**
 * Adapts Testcontainers to the machine; what the environment already says is left alone.
 *
 * Where `/.dockerenv` exists it takes the bridge gateway for its host and never sees ports published on 127.0.0.1. Where
 * its reaper image cannot be had (no registry), the run takes its stacks down itself, as it does anyway.
 */
export async function setUpTestcontainers(): Promise<void> {
  if (existsSync('/.dockerenv')) process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== undefined) return;
  const client = await getContainerRuntimeClient();
  try {
    await getReaper(client);
  } catch (error) {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
    console.error(`e2e: no reaper container, cleaning up without it: ${(error as Error).message.trim()}`);
  }
}
