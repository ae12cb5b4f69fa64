import { test as base, expect } from '@playwright/test';
import { Stack } from './stack.ts';

/** `E2E_SHARING=off` runs the app without its shared directory. The measurements must then fail. */
export const sharing: boolean = process.env.E2E_SHARING !== 'off';

const START_TIMEOUT_MS = 15 * 60_000;

/** One stack for all specs of a Playwright worker. A spec that disturbs it must call `settle()` at its end. */
export const test = base.extend<object, { stack: Stack }>({
  stack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures used from this pattern.
    async ({}, use) => {
      const stack = await Stack.start({ sharing });
      try {
        await use(stack);
      } finally {
        await stack.down();
      }
    },
    { scope: 'worker', timeout: START_TIMEOUT_MS },
  ],
});

export { expect };
