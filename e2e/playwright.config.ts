import { defineConfig } from '@playwright/test';
import { baseConfig } from './support/base-config.ts';
import { browserOptions } from './support/browser.ts';
import { aloneSpecs } from './support/kit-specs.ts';

const kitSpecs = 'kit/specs/*.spec.ts';
/** They have no containers: host.config.ts. */
const hostSpecs = 'kit/specs/host-stack*.spec.ts';

/** Specs on compose stacks. host.config.ts has the specs without containers. */
export default defineConfig(baseConfig, {
  projects: [
    // Two files at a time, because a spec mostly waits. Each Playwright worker has one stack for all its files.
    { name: 'guarantees', testMatch: 'e2e/specs/*.spec.ts', workers: 2 },
    // All specs of the kit, for running some by name. scripts/test runs them as the next two projects, which share them out.
    { name: 'kit', testMatch: kitSpecs, testIgnore: hostSpecs, workers: 1 },
    { name: 'kit-two', testMatch: kitSpecs, testIgnore: [hostSpecs, ...aloneSpecs], workers: 2 },
    { name: 'kit-alone', testMatch: aloneSpecs, workers: 1 },
  ],
  workers: 2,
  globalSetup: './support/global-setup.ts',
  globalTeardown: './support/global-teardown.ts',
  // The same options for all specs: a spec with other options would start another stack.
  use: { launchOptions: browserOptions() },
});
