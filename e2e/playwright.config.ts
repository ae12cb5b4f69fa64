import { defineConfig } from '@playwright/test';
import { browserOptions } from './support/browser.ts';
import './support/run-id.ts';

export default defineConfig({
  testDir: '..',
  projects: [
    // Two files at one time: a spec waits for most of its time. Each worker has one stack for all the files that it runs.
    { name: 'promises', testMatch: 'e2e/specs/*.spec.ts', workers: 2 },
    // One at a time: they fill whole machines with attackers, and count what others get.
    { name: 'kit', testMatch: 'kit/specs/*.spec.ts', workers: 1 },
  ],
  workers: 2,
  outputDir: '../test-results',
  globalSetup: './support/global-setup.ts',
  globalTeardown: './support/global-teardown.ts',
  // A test that fails now and then shows a fault: it is not tried again.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 10 * 60_000,
  // For all specs: one with options of its own would start a stack of its own.
  use: { launchOptions: browserOptions() },
  reporter: [['list']],
});
