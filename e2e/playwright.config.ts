import { defineConfig } from '@playwright/test';
import { baseConfig } from './support/base-config.ts';
import { browserOptions } from './support/browser.ts';

/** Specs on compose stacks. host.config.ts has the specs without containers. */
export default defineConfig(baseConfig, {
  projects: [
    // Two files at a time, because a spec mostly waits. Each Playwright worker has one stack for all its files.
    { name: 'guarantees', testMatch: 'e2e/specs/*.spec.ts', workers: 2 },
    // One file at a time, because some specs load the whole machine.
    {
      name: 'kit',
      testMatch: 'kit/specs/*.spec.ts',
      testIgnore: 'kit/specs/host-stack*.spec.ts',
      workers: 1,
    },
  ],
  workers: 2,
  globalSetup: './support/global-setup.ts',
  globalTeardown: './support/global-teardown.ts',
  // The same options for all specs: a spec with other options would start another stack.
  use: { launchOptions: browserOptions() },
});
