import { alternate, type Comparison, compare, type Report } from '../../stats/comparison.ts';
import type { Plan } from '../plan.ts';
import { ScrapeTarget, type Size } from './scrape-target.ts';

const SIZES: readonly (readonly [name: string, size: Size])[] = [
  ['8x10000', { kind: 'counters', series: 10_000, workers: 8 }],
  ['hist_8x1000', { kind: 'histograms', series: 1000, workers: 8 }],
];

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const TEXT = 'text/plain;version=0.0.4';
/** `ours` is text. `ours_again` is the control. */
const ACCEPT: Readonly<Record<string, string>> = { ours: TEXT, protobuf: PROTOBUF, ours_again: TEXT };

/** Times as many scrapes as in other measures: most of the time is the merge, which both formats have in common. */
const ROUNDS = 5;

/** Scrapes one primary in text and in protobuf, in turns. Every worker counts in every series between two scrapes. */
export async function measureFormats(plan: Plan): Promise<Report> {
  const report: Record<string, Comparison> = {};
  for (const [name, size] of SIZES) {
    const target = await ScrapeTarget.cluster('ours', size);
    try {
      const rounds = async (count: number): Promise<Record<string, number[]>> =>
        alternate(Object.keys(ACCEPT), count, async (side) => {
          await target.count();
          return target.scrape(ACCEPT[side]);
        });
      await rounds(ROUNDS * plan.warmUpScrapes);
      report[`format_${name}`] = compare(await rounds(ROUNDS * plan.scrapes), 'ms');
      const bytes = async (side: string): Promise<number[]> => [await target.bytes(ACCEPT[side])];
      const [ours, protobuf] = [await bytes('ours'), await bytes('protobuf')];
      report[`format_bytes_${name}`] = compare({ ours, protobuf }, 'bytes');
    } finally {
      await target.end();
    }
  }
  return report;
}
