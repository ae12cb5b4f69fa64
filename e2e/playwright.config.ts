import { defineConfig } from '@playwright/test';
import { browserOptions } from './support/browser.ts';
import './support/run-id.ts';

export default defineConfig({
  testDir: '..',
  testMatch: ['e2e/specs/*.spec.ts', 'kit/specs/*.spec.ts'],
  outputDir: '../test-results',
  globalSetup: './support/global-setup.ts',
  globalTeardown: './support/global-teardown.ts',
  // One stack serves all specs; they run one after the other on it.
  workers: 1,
  // A test that fails now and then shows a fault: it is not tried again.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 10 * 60_000,
  // For all specs: one with options of its own would start a stack of its own.
  use: { launchOptions: browserOptions() },
  reporter: [['list']],
});
