import { type Label, unescapeValue } from '../merge/label-text.ts';
import type { ParsedExemplar, ParsedFamily, ParsedSample } from './parsed-family.ts';

/** The text of a registry that this library does not write is not in a known format. */
export class UnknownTextError extends Error {}

const COMMENT = /^# ?(HELP|TYPE)[ \t]+([^ \t]+)(?:[ \t](.*))?$/s;
const NAME = /[^\s{]+/y;
const LABEL = /\s*([^\s=,{}"]+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/sy;
const LABELS_END = /\s*\}/y;
const NUMBERS = /[ \t]*([^\s#]+)(?:[ \t]+([^\s#]+))?[ \t]*/y;
const EXEMPLAR = /# ?\{/y;

/** Suffixes of the samples of a metric, by its type. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['', '_total', '_created'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
};
const NO_SUFFIX = [''];

/**
 * Reads the Prometheus text format, also with exemplars, or OpenMetrics 1.0.0, as clients write them.
 * @throws UnknownTextError at a line that is neither
 */
export function parseText(text: string, openMetrics: boolean): ParsedFamily[] {
  const families: ParsedFamily[] = [];
  let current: ParsedFamily | undefined;
  const begin = (name: string): ParsedFamily => {
    current = { name, help: undefined, type: 'untyped', samples: [] };
    families.push(current);
    return current;
  };
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (line.startsWith('#')) {
      const [, keyword, name, rest = ''] = COMMENT.exec(line) ?? [];
      if (name === undefined) continue;
      const family = current?.name === name && current.samples.length === 0 ? current : begin(name);
      if (keyword === 'HELP') family.help = unescapeHelp(rest, openMetrics);
      else family.type = rest.trim();
      continue;
    }
    const sample = new Line(line, openMetrics).sample();
    const owner = current !== undefined && belongs(sample.name, current) ? current : begin(sample.name);
    owner.samples.push(sample);
  }
  return families;
}

function belongs(sample: string, { name, type }: ParsedFamily): boolean {
  return (SUFFIXES[type] ?? NO_SUFFIX).some((suffix) => sample === name + suffix);
}

/** In OpenMetrics quotes are escaped, too, but prom-client does not escape them. */
function unescapeHelp(text: string, openMetrics: boolean): string {
  return text.replaceAll(openMetrics ? /\\([\\n"])/g : /\\([\\n])/g, (_, letter) =>
    letter === 'n' ? '\n' : letter,
  );
}

/** One line with a sample. */
class Line {
  readonly #line: string;
  readonly #openMetrics: boolean;
  #at = 0;

  constructor(line: string, openMetrics: boolean) {
    this.#line = line;
    this.#openMetrics = openMetrics;
  }

  sample(): ParsedSample {
    const [name] = this.#take(NAME) ?? this.#fail();
    const labels = this.#line[this.#at] === '{' ? this.#labels(1) : [];
    const [, value, time] = this.#take(NUMBERS) ?? this.#fail();
    const exemplar = this.#exemplar();
    if (this.#at < this.#line.length) this.#fail();
    const timestamp = time === undefined ? undefined : this.#number(time);
    return {
      name: name!,
      labels,
      value: this.#number(value!),
      timestampMs: timestamp === undefined || !this.#openMetrics ? timestamp : timestamp * 1000,
      exemplar,
    };
  }

  #exemplar(): ParsedExemplar | undefined {
    if (this.#take(EXEMPLAR) === undefined) return undefined;
    const labels = this.#labels(0);
    const [, value, time] = this.#take(NUMBERS) ?? this.#fail();
    return {
      labels,
      value: this.#number(value!),
      timestamp: time === undefined ? undefined : this.#number(time),
    };
  }

  /** Reads labels up to the closing brace. They begin after `skip` more characters. */
  #labels(skip: number): Label[] {
    this.#at += skip;
    const labels: Label[] = [];
    while (this.#take(LABELS_END) === undefined) {
      const [, name, value] = this.#take(LABEL) ?? this.#fail();
      labels.push([name!, unescapeValue(value!)]);
    }
    return labels;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #number(text: string): number {
    if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
    if (/^[+-]?nan$/i.test(text)) return Number.NaN;
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : this.#fail();
  }

  #fail(): never {
    throw new UnknownTextError(`not a line of the Prometheus text format: ${JSON.stringify(this.#line)}`);
  }
}
