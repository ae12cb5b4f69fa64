/** Prints the time of the first and later merges of 8 slots, and the lower bound: one addition per cell and one copy per byte. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROUNDS = 3;
const CASE = join(import.meta.dirname, 'merge-case.ts');

interface Measured {
  readonly first: number;
  readonly steady: number;
  readonly bytes: number;
  readonly bytesPerSeries: number;
}

function measure(...args: string[]): Measured {
  const out = execFileSync(process.execPath, ['--expose-gc', '--no-warnings', CASE, ...args], {
    encoding: 'utf8',
  });
  return JSON.parse(out);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Milliseconds to add up `cells` doubles and to copy `bytes`. */
function leastMs(cells: number, bytes: number): number {
  const values = new Float64Array(cells).fill(1);
  const totals = new Float64Array(cells / 8);
  const [from, to] = [Buffer.alloc(bytes, 'x'), Buffer.alloc(bytes)];
  const times = Array.from({ length: 300 }, () => {
    const began = performance.now();
    for (let slot = 0, i = 0; slot < 8; slot++) {
      for (let total = 0; total < totals.length; total++) totals[total]! += values[i++]!;
    }
    from.copy(to);
    return performance.now() - began;
  });
  return median(times);
}

for (const kind of ['counters', 'histograms']) {
  for (const order of ['same', 'shuffled']) {
    const all = Array.from({ length: ROUNDS }, () => measure(kind, order));
    const [first, steady] = [median(all.map((one) => one.first)), median(all.map((one) => one.steady))];
    const least = leastMs(kind === 'counters' ? 80_000 : 8 * 14_000, all[0]!.bytes);
    console.log(
      `8 slots, ${kind === 'counters' ? '10000 counters' : '1000 histograms of 12 buckets'} in ${order} order: ` +
        `first ${first.toFixed(1)} ms, later ${steady.toFixed(2)} ms, ${Math.round(first / steady)}x; ` +
        `lower bound ${least.toFixed(2)} ms; ${all[0]!.bytes} bytes of text, ` +
        `${Math.round(median(all.map((one) => one.bytesPerSeries)))} bytes of memory per series`,
    );
  }
}
