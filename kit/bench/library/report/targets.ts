import { type Report, ratiosOf } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { number } from './number.ts';

interface Target {
  /** Row of the page that shows it. */
  readonly measure: string;
  readonly text: string;
  /** Undefined if it was not measured. */
  isHeld(report: Report): boolean | undefined;
}

export const TARGETS: readonly Target[] = [
  timesFaster('scrape_http_8x10000', 'prom-client', 20),
  timesFaster('scrape_http_8x10000', '@prometheus-io/client', 15),
  timesReadyMade('scrape_http_8x10000', 'limit_8x10000', 2.5),
  firstToLater('scrape_first_8x10000', 'scrape_http_8x10000', 4),
  firstToLater('scrape_ahead_8x10000', 'scrape_http_8x10000', 4),
  timesFaster('scrape_http_hist_8x1000', 'prom-client', 20),
  timesFaster('scrape_http_hist_8x1000', '@prometheus-io/client', 15),
  firstToLater('scrape_first_hist_8x1000', 'scrape_http_hist_8x1000', 10),
  shareOfPromClient('inc_labels', 0.35),
  shareOfPromClient('inc_bound', 0.05),
  shareOfPromClient('inc_child', 0.25),
  shareOfPromClient('observe_bound', 0.1),
  shareOfPromClient('observe_child', 0.2),
  shareOfPromClient('set_child', 0.2),
  atMost('cpu_per_request_over_without', 1.05, 'x no metrics'),
  atMost('kill_lost', 0),
  atMost('kill_decreases', 0),
];

/** Targets of a measure and whether all of them are held, such as `≥20x, ≥15x: yes`. Empty without a measured target. */
export function targetCell(report: Report, measure: string): string {
  const measured = TARGETS.filter((target) => target.measure === measure).flatMap((target) => {
    const held = target.isHeld(report);
    return held === undefined ? [] : [{ text: target.text, held }];
  });
  if (measured.length === 0) return '';
  const texts = measured.map(({ text }) => text).join(', ');
  return `${texts}: ${measured.every(({ held }) => held) ? 'yes' : '**no**'}`;
}

function timesFaster(measure: string, peer: string, limit: number): Target {
  return {
    measure,
    text: `≥${number(limit)}x`,
    isHeld: (report) => holds(peerRatio(report, measure, peer), (ratio) => ratio >= limit),
  };
}

/** Time divided by that of a server that sends as many bytes ready-made, measured in turns. */
function timesReadyMade(measure: string, limits: string, limit: number): Target {
  return {
    measure,
    text: `≤${number(limit)}x ready-made`,
    isHeld: (report) => holds(peerRatio(report, limits, 'bare_http'), (ratio) => 1 / ratio <= limit),
  };
}

/** Time of the first scrape divided by that of later ones. */
function firstToLater(measure: string, later: string, limit: number): Target {
  return {
    measure,
    text: `≤${number(limit)}x later scrapes`,
    isHeld(report) {
      const divisor = ours(report, later);
      if (divisor === undefined) return undefined;
      return holds(ours(report, measure), (value) => value / divisor <= limit);
    },
  };
}

/** Time divided by that of prom-client. */
function shareOfPromClient(measure: string, limit: number): Target {
  return {
    measure,
    text: `≤${number(limit)}x prom-client`,
    isHeld: (report) => holds(peerRatio(report, measure, 'prom-client'), (ratio) => 1 / ratio <= limit),
  };
}

function atMost(measure: string, limit: number, of = ''): Target {
  return {
    measure,
    text: `≤${number(limit)}${of}`,
    isHeld: (report) => holds(ours(report, measure), (value) => value <= limit),
  };
}

function holds(value: number | null | undefined, test: (value: number) => boolean): boolean | undefined {
  return value === undefined || value === null ? undefined : test(value);
}

function peerRatio(report: Report, measure: string, peer: string): number | null | undefined {
  const comparison = report[measure];
  return comparison && ratiosOf(comparison)[peer];
}

function ours(report: Report, measure: string): number | undefined {
  return (report[measure]?.ours as Spread | undefined)?.median;
}
