import { type Report, ratiosOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { number } from './number.ts';

export interface Target {
  readonly text: string;
  readonly limit: number;
  readonly kind: 'at least' | 'at most';
  /** Undefined where it was not measured. */
  value(report: Report): number | undefined;
}

function ratio(name: string, peer: string): Target['value'] {
  return (report) => {
    const comparison = report[name];
    return comparison === undefined ? undefined : (ratiosOf(comparison)[peer] ?? undefined);
  };
}

function ours(report: Report, name: string): number | undefined {
  return (report[name]?.ours as Spread | undefined)?.median;
}

function oursOver(name: string, base: string): Target['value'] {
  return (report) => {
    const [value, one] = [ours(report, name), ours(report, base)];
    return value === undefined || one === undefined ? undefined : value / one;
  };
}

function faster(name: string, what: string): Target[] {
  return [
    ...(
      [
        ['prom-client', 20],
        ['@prometheus-io/client', 15],
      ] as const
    ).map(([peer, limit]) => ({
      text: `${what}: times faster than ${peer}`,
      limit,
      kind: 'at least' as const,
      value: ratio(name, peer),
    })),
    {
      text: `${what}: the first one, in times a steady one`,
      limit: 10,
      kind: 'at most',
      value: oursOver(name.replace('http', 'first'), name),
    },
  ];
}

/** Of the time that prom-client takes for the same. */
function part(name: string, what: string, limit: number): Target {
  const times = ratio(name, 'prom-client');
  return {
    text: `${what}, prom-client's being 1`,
    limit,
    kind: 'at most',
    value: (report) => {
      const value = times(report);
      return value === undefined ? undefined : 1 / value;
    },
  };
}

export const TARGETS: readonly Target[] = [
  ...faster('scrape_http_8x10000', 'scrape of 10,000 counters'),
  ...faster('scrape_http_hist_8x1000', 'scrape of 1,000 histograms'),
  part('inc_labels', 'time of `inc({3 labels})`, the object kept from before', 0.35),
  part('inc_bound', 'time of `inc()` of what `labels()` gave', 0.05),
  part('observe_bound', 'time of `observe()` of what `labels()` gave', 0.1),
  {
    text: 'processor time of a request, without the middleware being 1',
    limit: 1.05,
    kind: 'at most',
    value: (report) => ours(report, 'cpu_per_request_over_without'),
  },
  {
    text: 'increments lost by kills',
    limit: 0,
    kind: 'at most',
    value: (report) => ours(report, 'kill_lost'),
  },
  {
    text: 'decreases seen during kills',
    limit: 0,
    kind: 'at most',
    value: (report) => ours(report, 'kill_decreases'),
  },
];

export function targetsAsMarkdown(report: Report): string {
  const rows = TARGETS.flatMap(({ text, limit, kind, value }) => {
    const measured = value(report);
    if (measured === undefined) return [];
    const holds = kind === 'at least' ? measured >= limit : measured <= limit;
    return [`| ${text} | ${kind} ${number(limit)} | ${number(measured)} | ${holds ? 'yes' : '**no**'} |`];
  });
  return ['| Target | | Measured | Held |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
