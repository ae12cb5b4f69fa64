/**
 * Lower bound of a scrape in milliseconds: `limit.ts <additions|copy> <arrays> <cells> <bytes>` prints one number.
 * `additions` adds up the arrays of `cells` doubles, `copy` copies `bytes`.
 */
import { quantile } from '../../stats/spread.ts';

const ROUNDS = 300;
const WARM = 100;

const [what, ...numbers] = process.argv.slice(2) as [string, string, string, string];
const [arrays, cells, bytes] = numbers.map(Number) as [number, number, number];

function additions(): () => void {
  const slots = Array.from({ length: arrays }, () => new Float64Array(cells).fill(1));
  const totals = new Float64Array(cells);
  return () => {
    totals.fill(0);
    for (const slot of slots) for (let i = 0; i < cells; i++) totals[i]! += slot[i]!;
  };
}

function copy(): () => void {
  const [from, to] = [Buffer.alloc(bytes, 'x'), Buffer.alloc(bytes)];
  return () => void from.copy(to);
}

const act = what === 'additions' ? additions() : copy();
const times = Array.from({ length: ROUNDS }, () => {
  const began = performance.now();
  act();
  return performance.now() - began;
});
console.log(quantile(times.slice(WARM), 0.5));
