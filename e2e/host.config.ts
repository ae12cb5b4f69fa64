import { defineConfig } from '@playwright/test';
import { baseConfig } from './support/base-config.ts';
import type { StackFixtures } from './support/fixtures.ts';
import { hasHostPrometheus } from './support/host-prometheus.ts';

const specs = (...names: string[]): string[] => names.map((name) => `e2e/specs/${name}.spec.ts`);

/** Prometheus is optional on a host. Its spec is not run without it. */
const needPrometheus = hasHostPrometheus() ? specs('prometheus') : [];
if (needPrometheus.length === 0 && process.env.TEST_WORKER_INDEX === undefined)
  console.error('prometheus.spec.ts is left out: Prometheus 3.5 or later is not installed on this host');

const guarantees = [
  ...specs('blocked', 'control', 'failing-safe', 'monotonic', 'operations', 'public-port', 'request-id'),
  ...specs('smoke', 'whole-restart'),
  ...needPrometheus,
];

/** Specs on stacks without containers. They need no Docker. Each Playwright worker has one stack. */
export default defineConfig<object, StackFixtures>(baseConfig, {
  projects: [
    { name: 'host', testMatch: [...guarantees, 'kit/specs/host-stack*.spec.ts'] },
    { name: 'host-short', testMatch: specs('blocked', 'monotonic', 'public-port', 'smoke') },
    // On the unit of supervisor/install-host. It needs root and systemd; a machine has one such unit.
    { name: 'unit', testMatch: guarantees, workers: 1, use: { maker: 'unit' } },
  ],
  workers: 2,
  use: { maker: 'host' },
  globalTeardown: './support/host-teardown.ts',
});
