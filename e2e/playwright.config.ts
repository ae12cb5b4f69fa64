import { defineConfig } from '@playwright/test';
import { browserOptions } from './support/browser.ts';
import './support/run-id.ts';

export default defineConfig({
  testDir: '..',
  projects: [
    // Two files at a time, because a spec mostly waits. Each Playwright worker has one stack for all its files.
    { name: 'guarantees', testMatch: 'e2e/specs/*.spec.ts', workers: 2 },
    // One file at a time, because some specs load the whole machine.
    { name: 'kit', testMatch: 'kit/specs/*.spec.ts', workers: 1 },
  ],
  workers: 2,
  outputDir: '../test-results',
  globalSetup: './support/global-setup.ts',
  globalTeardown: './support/global-teardown.ts',
  // No retries: a test that fails sometimes shows a defect.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 10 * 60_000,
  // The same options for all specs: a spec with other options would start another stack.
  use: { launchOptions: browserOptions() },
  reporter: [['list']],
});
