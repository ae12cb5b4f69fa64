import type { PlaywrightTestConfig } from '@playwright/test';
import './run-id.ts';

/** What every configuration in e2e/ begins with. */
export const baseConfig: PlaywrightTestConfig = {
  testDir: '..',
  outputDir: '../test-results',
  // No retries: a test that fails sometimes shows a defect.
  retries: 0,
  forbidOnly: process.env.CI !== undefined,
  timeout: 10 * 60_000,
  reporter: [['list']],
};
