import type { Side } from '../measure/cell.ts';
import type { MeasuredCell } from './report.ts';

/** A cell for tests, on the lines 60 MB + 4 kB per series and 0.01 cores + 10 us per sample. */
export function measured(
  replicas: number,
  side: Side,
  ofReplica: { readonly series: number; readonly samples: number },
): MeasuredCell {
  const [series, samplesPerSecond] = [ofReplica.series * replicas, ofReplica.samples * replicas];
  return {
    replicas,
    side,
    figures: {
      targets: replicas,
      series,
      samplesPerScrape: ofReplica.samples * 5,
      samplesPerSecond,
      residentMb: 60 + 0.004 * series,
      anonymousMb: 0.004 * series,
      heapMb: 0.003 * series,
      cores: 0.01 + 1e-5 * samplesPerSecond,
      ruleSecondsPerSecond: 0.01,
      scrapeMs: 2,
      scrapeP99Ms: 5,
      replayCores: 0.01,
      chunkBytesPerSample: 2,
      indexBytesPerSeries: 60,
      walBytesPerSample: 6,
    },
    account: { scrapes: replicas, failed: 0, missed: 0, missedRules: 0 },
  };
}
