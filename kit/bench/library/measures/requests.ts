import { alternate, compare, type Report } from '../../stats/comparison.ts';
import { CaseProcess } from '../case-process.ts';
import { closedLoop } from '../closed-loop.ts';
import type { Plan } from '../plan.ts';
import { SIDES } from '../sides.ts';

const ALL = [...SIDES, 'ours_plain_middleware', 'without'];
const CONNECTIONS = 16;
/** Before so many the compiler is not done with all of it. */
const WARM_UP = 40_000;
const SLICE = 500;
const PATH = '/users/42';
/**
 * The same for all sides: left to itself V8 chooses the size of the nursery by what a program does while it starts. Thirty
 * modules more, whatever is in them, and each request takes a tenth more, as the nursery leaves the processor's cache.
 */
const NURSERY = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/** Processor time of a request of an Express app, and how many times that of the same app without its middleware. */
export async function measureRequests(plan: Plan): Promise<Report> {
  const apps = new Map<string, { readonly app: CaseProcess; readonly port: number }>();
  const slice = async (side: string): Promise<number> => {
    const { app, port } = apps.get(side)!;
    const before = await app.ask<number>('usage');
    await closedLoop(port, PATH, { requests: SLICE, connections: CONNECTIONS });
    return ((await app.ask<number>('usage')) - before) / SLICE;
  };
  try {
    for (const side of ALL) {
      const started = await CaseProcess.start<number>('requests', [side], NURSERY);
      apps.set(side, { app: started.case, port: started.ready });
    }
    for (const side of ALL) {
      await closedLoop(apps.get(side)!.port, PATH, { requests: WARM_UP, connections: CONNECTIONS });
    }
    // In slices that take turns: a machine changes its speed more slowly than that.
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
