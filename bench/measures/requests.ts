import { CaseProcess } from '../case-process.ts';
import { closedLoop } from '../closed-loop.ts';
import { alternate, compare, type Report } from '../comparison.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';

const ALL = [...SIDES, 'ours_plain_middleware', 'without'];
const CONNECTIONS = 16;
/** Before so many the compiler is not done with all of it. */
const WARM_UP = 40_000;
const PATH = '/users/42';

/** Processor time of a request of an Express app, and how many times that of the same app without its middleware. */
export async function measureRequests(plan: Plan): Promise<Report> {
  const apps = new Map<string, { readonly app: CaseProcess; readonly port: number }>();
  const load = { requests: plan.requestsPerRound, connections: CONNECTIONS };
  const sample = async (side: string): Promise<number> => {
    const { app, port } = apps.get(side)!;
    const before = await app.ask<number>('usage');
    await closedLoop(port, PATH, load);
    return ((await app.ask<number>('usage')) - before) / plan.requestsPerRound;
  };
  try {
    for (const side of ALL) {
      const started = await CaseProcess.start<number>('requests', [side]);
      apps.set(side, { app: started.case, port: started.ready });
    }
    for (const side of ALL) await closedLoop(apps.get(side)!.port, PATH, { ...load, requests: WARM_UP });
    const samples = await alternate(ALL, plan.requestRounds, sample);
    const without = samples.without!;
    const over = Object.entries(samples)
      .filter(([side]) => side !== 'without')
      .map(([side, values]) => [side, values.map((value, round) => value / without[round]!)] as const);
    return {
      cpu_per_request: compare(samples, 'us'),
      cpu_per_request_over_without: compare(Object.fromEntries(over), 'times'),
    };
  } finally {
    await Promise.all([...apps.values()].map(({ app }) => app.end()));
  }
}
