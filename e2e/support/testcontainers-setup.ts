import { existsSync } from 'node:fs';
import { getContainerRuntimeClient, getReaper } from 'testcontainers';

/**
 * Configures Testcontainers. Variables that are already set are kept.
 *
 * If `/.dockerenv` exists, Testcontainers connects to the bridge gateway, where ports published on 127.0.0.1 are not reachable, so this
 * sets its host to 127.0.0.1. If the reaper container cannot start, this disables it: the tests remove their stacks themselves.
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
