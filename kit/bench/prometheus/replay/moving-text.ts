import { type Exposition, parseExposition, type Sample } from '../../../test-kit/exposition.ts';
import { isCounterLike } from '../../../test-kit/monotonic.ts';

/**
 * Continues recorded scrapes indefinitely. Counters repeat the increases between the recorded scrapes, so they compress like real ones;
 * gauges repeat their values.
 */
export class MovingText {
  readonly #scrapes: readonly Exposition[];
  readonly #lines: readonly string[];
  readonly #samples: readonly (readonly [series: string, Sample])[];
  readonly #texts: string[] = [];
  /** Values in the last of `#texts`. */
  #values: readonly number[];

  /** @throws Error with fewer than two scrapes */
  constructor(scrapes: readonly string[]) {
    if (scrapes.length < 2) throw new Error(`a replay needs 2 scrapes, not ${scrapes.length}`);
    this.#scrapes = scrapes.map(parseExposition);
    this.#lines = scrapes.at(-1)!.trimEnd().split('\n');
    this.#samples = [...this.#scrapes.at(-1)!];
    this.#values = this.#samples.map(([series, sample]) => valueIn(this.#scrapes[0]!, series, sample));
  }

  /** Text of scrape number `step`, from 0. @throws Error if a counter falls between recorded scrapes */
  at(step: number): string {
    while (this.#texts.length <= step) {
      if (this.#texts.length > 0) this.#advance(this.#texts.length - 1);
      this.#texts.push(this.#text());
    }
    return this.#texts[step]!;
  }

  #advance(step: number): void {
    const index = step % (this.#scrapes.length - 1);
    const [from, to] = [this.#scrapes[index]!, this.#scrapes[index + 1]!];
    this.#values = this.#samples.map(([series, sample], i) => {
      const now = valueIn(to, series, sample);
      if (!isCounterLike(sample)) return now;
      const rise = now - valueIn(from, series, sample);
      if (!(rise >= 0)) throw new Error(`${series} changes by ${rise} between recorded scrapes`);
      return this.#values[i]! + rise;
    });
  }

  #text(): string {
    let next = 0;
    const lines = this.#lines.map((line) =>
      line === '' || line.startsWith('#') ? line : withValue(line, this.#values[next++]!),
    );
    return `${lines.join('\n')}\n`;
  }
}

/** A counter that a scrape does not have has not begun; a gauge has its last value. */
function valueIn(scrape: Exposition, series: string, sample: Sample): number {
  return scrape.get(series)?.value ?? (isCounterLike(sample) ? 0 : sample.value);
}

function withValue(line: string, value: number): string {
  return `${line.slice(0, line.lastIndexOf(' ') + 1)}${numberText(value)}`;
}

function numberText(value: number): string {
  if (Math.abs(value) === Infinity) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
