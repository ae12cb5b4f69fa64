import { existsSync } from 'node:fs';
import { getContainerRuntimeClient, getReaper } from 'testcontainers';

/**
 * Configures Testcontainers. Variables that are already set are kept.
 *
 * If `/.dockerenv` exists, Testcontainers uses the bridge gateway as its host and cannot reach ports published on 127.0.0.1. If its
 * reaper image is not available, the run starts without it: it removes its stacks itself anyway.
 */
export async function setUpTestcontainers(): Promise<void> {
  if (existsSync('/.dockerenv')) process.env.TESTCONTAINERS_HOST_OVERRIDE ??= '127.0.0.1';
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== undefined) return;
  const client = await getContainerRuntimeClient();
  try {
    await getReaper(client);
  } catch (error) {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
    console.error(
      `e2e: cannot start the reaper container; cleaning up without it: ${(error as Error).message.trim()}`,
    );
  }
}
