import type { Extension } from 'cluster-runtime';
import { register } from 'prom-client';
import { readDemoSettings } from './demo-settings.ts';
import { faults } from './faults.ts';
import { pageCounts } from './page-counts.ts';
import { createUnshared, unsharedResponder } from './unshared-counter.ts';
import { createUnsharedRoute, type UnsharedRequest, type UnsharedResponse } from './unshared-route.ts';

/** The demonstration: the counts for the page at `/`, and with DEMO_CONTROLS=1 the fault controls and the unshared counter. */
export async function demo(env?: NodeJS.ProcessEnv): Promise<Extension<UnsharedResponse, UnsharedRequest>> {
  const { page, controls } = readDemoSettings(env);
  return {
    worker({ settings: { metrics, metricsDirectory }, send, reload }) {
      const handlers = page ? pageCounts({ metrics, metricsDirectory, controls }) : [];
      if (!controls) return { handlers };
      const unshared = createUnshared(metricsDirectory === undefined ? register : undefined);
      handlers.push(unshared.count, faults({ reload }));
      return { handlers, onMessage: unsharedResponder(unshared.text, send) };
    },
    primary({ readyWorkers }) {
      if (!controls) return {};
      const { route, onMessage } = createUnsharedRoute(readyWorkers);
      return { routes: new Map([['/demo/unshared', route]]), onMessage };
    },
  };
}
