import { closedLoop } from '../../../test-kit/closed-loop.ts';
import { alternate, compare, type Report } from '../../stats/comparison.ts';
import { CaseProcess } from '../case-process.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';

const ALL = [...SIDES, 'ours_plain_middleware', 'without'];
const CONNECTIONS = 16;
/** Requests until V8 has compiled the whole path. */
const WARM_UP = 40_000;
const SLICE = 500;
const PATH = '/users/42';
/**
 * Fixes the size of V8's young generation in MB. V8 would choose it by start-up allocation, so that loading more modules, of any content,
 * would make each request a tenth slower.
 */
const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/** Processor time per request of an Express app, and its ratio to the same app without metrics. */
export async function measureRequests(plan: Plan): Promise<Report> {
  const apps = new Map<string, { readonly app: CaseProcess; readonly port: number }>();
  const slice = async (side: string): Promise<number> => {
    const { app, port } = apps.get(side)!;
    const before = await app.request<number>('usage');
    await send(port, SLICE);
    return ((await app.request<number>('usage')) - before) / SLICE;
  };
  try {
    for (const side of ALL) {
      const started = await CaseProcess.start<number>('requests', [side], YOUNG_GENERATION);
      apps.set(side, { app: started.case, port: started.ready });
    }
    for (const side of ALL) {
      await send(apps.get(side)!.port, WARM_UP);
    }
    // Short alternating slices, because the speed of a machine drifts.
    const samples = await alternate(ALL, plan.requestSlices, slice);
    const without = samples.without!;
    const over = Object.entries(samples)
      .filter(([side]) => side !== 'without')
      .map(([side, values]) => [side, values.map((value, turn) => value / without[turn]!)] as const);
    return {
      cpu_per_request: compare(samples, 'us'),
      cpu_per_request_over_without: compare(Object.fromEntries(over), 'times'),
    };
  } finally {
    await Promise.all([...apps.values()].map(({ app }) => app.end()));
  }
}

function send(port: number, requests: number): Promise<number> {
  return closedLoop(port, PATH, { connections: CONNECTIONS, isOver: (sent) => sent === requests });
}
