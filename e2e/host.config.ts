import { defineConfig } from '@playwright/test';
import { baseConfig } from './support/base-config.ts';
import type { StackFixtures } from './support/fixtures.ts';

const specs = (...names: string[]): string[] => names.map((name) => `e2e/specs/${name}.spec.ts`);

/** Specs on stacks of `scripts/up --host`. They need no Docker. Each Playwright worker has one stack. */
export default defineConfig<object, StackFixtures>(baseConfig, {
  projects: [
    {
      name: 'host',
      testMatch: [
        ...specs('blocked', 'control', 'failing-safe', 'monotonic', 'operations', 'public-port'),
        ...specs('smoke', 'whole-restart'),
        'kit/specs/host-stack*.spec.ts',
      ],
    },
    { name: 'host-short', testMatch: specs('monotonic', 'public-port', 'smoke', 'whole-restart') },
  ],
  workers: 2,
  use: { maker: 'host' },
  globalTeardown: './support/host-teardown.ts',
});
