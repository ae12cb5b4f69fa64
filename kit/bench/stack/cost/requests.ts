import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop } from '../../../test-kit/closed-loop.ts';
import { allAnswered, trial } from '../trial.ts';
import { type Usage, usageOf } from '../usage.ts';
import { CONNECTIONS, type Plan, STEADY_RATE } from './plan.ts';
import type { Side } from './sides.ts';

export interface Samples {
  /** Values by measure and side. */
  readonly [measure: string]: Record<string, number[]>;
}

/** Loads the sides in turn. Each round begins with another side. */
export async function measureRequests(sides: Readonly<Record<string, Side>>, plan: Plan): Promise<Samples> {
  const samples: Record<string, Record<string, number[]>> = {};
  const add = (measure: string, side: string, value: number): void => {
    samples[measure] ??= Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
    samples[measure][side]!.push(value);
  };
  const names = Object.keys(sides);
  for (const name of names) await saturate(sides[name]!.url, plan.warmUpSeconds);
  for (let round = 0; round < plan.rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      const side = sides[name]!;
      const saturated = await cost(side, () => saturate(side.url, plan.seconds));
      add('saturated_app', name, saturated.app);
      add('saturated_nginx', name, saturated.nginx);
      add('saturated_requests', name, saturated.requests / saturated.seconds);
      const steady = await cost(side, () => steadyLoad(side.url, plan.seconds));
      add('steady_app', name, steady.app);
      add('steady_nginx', name, steady.nginx);
      add('memory', name, (await usageOf(side.app)).memoryBytes / 1e6);
    }
    process.stderr.write(`  round ${round + 1} of ${plan.rounds}\n`);
  }
  return samples;
}

/** Processor time of the app container per second without requests, in ms. */
export async function measureRest(
  sides: Readonly<Record<string, Side>>,
  seconds: number,
): Promise<Record<string, number[]>> {
  const names = Object.keys(sides);
  const usages = (): Promise<Usage[]> => Promise.all(names.map((name) => usageOf(sides[name]!.app)));
  const before = await usages();
  const began = performance.now();
  await sleep(seconds * 1000);
  const after = await usages();
  const elapsed = performance.now() - began;
  return Object.fromEntries(
    names.map((name, i) => [name, [(after[i]!.cpuMicroseconds - before[i]!.cpuMicroseconds) / elapsed]]),
  );
}

interface Cost {
  /** Processor time of the container per request, in microseconds. */
  readonly app: number;
  readonly nginx: number;
  readonly requests: number;
  readonly seconds: number;
}

async function cost(side: Side, load: () => Promise<number>): Promise<Cost> {
  const before = [await usageOf(side.app), await usageOf(side.nginx)] as const;
  const began = performance.now();
  const requests = await load();
  const seconds = (performance.now() - began) / 1000;
  const after = [await usageOf(side.app), await usageOf(side.nginx)] as const;
  const [app, nginx] = [0, 1].map((i) => (after[i]!.cpuMicroseconds - before[i]!.cpuMicroseconds) / requests);
  return { app: app!, nginx: nginx!, requests, seconds };
}

/** Loads the URL with as many requests as it answers. Returns how many. */
export function saturate(url: string, seconds: number): Promise<number> {
  const { port, pathname } = new URL(url);
  const ends = performance.now() + seconds * 1000;
  return closedLoop(Number(port), pathname, {
    connections: CONNECTIONS,
    isOver: () => performance.now() >= ends,
  });
}

/** @throws Error if a request is not answered with 200 */
export async function steadyLoad(url: string, seconds: number): Promise<number> {
  const report = await trial({ url, rate: STEADY_RATE, seconds, maxConnections: CONNECTIONS });
  if (!allAnswered(report))
    throw new Error(`${url}: not all requests were answered with 200: ${JSON.stringify(report.byStatus)}`);
  return report.intended;
}
