import type { Extension } from 'cluster-runtime';
import { register } from 'prom-client';
import { askUnshared, type UnsharedAnswer, type UnsharedQuestion } from './ask-unshared.ts';
import { readDemoSettings } from './demo-settings.ts';
import { faults } from './faults.ts';
import { pageCounts } from './page-counts.ts';
import { answerUnshared, createUnshared } from './unshared-counter.ts';

/** The demonstration: the counts for the page at `/`, and with DEMO_CONTROLS=1 the fault controls and the unshared counter. */
export async function demo(env?: NodeJS.ProcessEnv): Promise<Extension<UnsharedAnswer, UnsharedQuestion>> {
  const { page, controls } = readDemoSettings(env);
  return {
    worker({ settings: { metrics, metricsDirectory }, send, reload }) {
      const handlers = page ? pageCounts({ metrics, metricsDirectory, controls }) : [];
      if (!controls) return { handlers };
      const unshared = createUnshared(metricsDirectory === undefined ? register : undefined);
      handlers.push(unshared.count, faults({ reload }));
      return { handlers, onMessage: answerUnshared(unshared.text, send) };
    },
    primary({ readyWorkers }) {
      if (!controls) return {};
      const { route, onMessage } = askUnshared(readyWorkers);
      return { routes: new Map([['/demo/unshared', route]]), onMessage };
    },
  };
}
