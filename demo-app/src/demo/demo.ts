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
      const counts = page ? pageCounts({ metrics, metricsDirectory, controls }) : undefined;
      if (!controls) return { ...counts };
      const unshared = createUnshared(metricsDirectory === undefined ? register : undefined);
      return {
        onRequest(req) {
          counts?.onRequest(req);
          unshared.count();
        },
        routes: new Map([...(counts?.routes ?? []), ...faults({ reload })]),
        onMessage: unsharedResponder(unshared.text, send),
      };
    },
    primary({ readyWorkers }) {
      if (!controls) return {};
      const { route, onMessage } = createUnsharedRoute(readyWorkers);
      return { routes: new Map([['/demo/unshared', route]]), onMessage };
    },
  };
}
