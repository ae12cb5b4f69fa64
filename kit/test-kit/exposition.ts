/**
 * A strict parser of the Prometheus text format (https://prometheus.io/docs/instrumenting/exposition_formats/). It throws on everything
 * that Prometheus rejects, such as a malformed line, a duplicate series or a truncated text.
 */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Type of its metric family: `x_bucket` of a histogram `x` is a `histogram`. */
  readonly type: MetricType;
}

/** Samples by series key: the name with its labels in sorted order. */
export type Exposition = ReadonlyMap<string, Sample>;

const TYPES = new Set<string>(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const SUFFIXES: Partial<Record<MetricType, readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum'],
  summary: ['_count', '_sum'],
};
const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*/y;
const VALUE_AND_TIME = /^[ \t]+(\S+)(?:[ \t]+-?\d+)?[ \t]*$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Record<string, number> = {
  nan: Number.NaN,
  inf: Infinity,
  '+inf': Infinity,
  '-inf': -Infinity,
};

export function parseExposition(text: string): Exposition {
  if (text !== '' && !text.endsWith('\n')) {
    throw new Error(
      `exposition is cut off: it ends with ${JSON.stringify(text.slice(-60))}, not with a newline`,
    );
  }
  const types = new Map<string, MetricType>();
  const samples = new Map<string, Sample>();
  for (const [index, line] of text.split('\n').entries()) {
    const where = `line ${index + 1}`;
    if (line.trim() === '') continue;
    if (line.startsWith('#')) {
      readComment(line, types, where);
      continue;
    }
    const sample = readSample(line, types, where);
    const series = seriesKey(sample.name, sample.labels);
    if (samples.has(series)) throw new Error(`${where}: series ${series} is shown twice`);
    samples.set(series, sample);
  }
  return samples;
}

export function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((label) => `${label}=${JSON.stringify(labels[label])}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Returns the sum of the samples with this name and at least the given labels; 0 if there is none. */
export function total(exposition: Exposition, name: string, labels: Record<string, string> = {}): number {
  let sum = 0;
  for (const sample of exposition.values()) {
    const wanted = sample.name === name && Object.entries(labels).every(([k, v]) => sample.labels[k] === v);
    if (wanted) sum += sample.value;
  }
  return sum;
}

function readComment(line: string, types: Map<string, MetricType>, where: string): void {
  const match = /^#\s+TYPE\s+(\S+)\s+(\S+)\s*$/.exec(line);
  if (!match) return;
  const [, name, type] = match as unknown as [string, string, string];
  if (!TYPES.has(type)) throw new Error(`${where}: unknown type ${JSON.stringify(type)} of ${name}`);
  if (types.has(name)) throw new Error(`${where}: second TYPE of ${name}`);
  types.set(name, type as MetricType);
}

function readSample(line: string, types: Map<string, MetricType>, where: string): Sample {
  METRIC_NAME.lastIndex = 0;
  const name = METRIC_NAME.exec(line)?.[0];
  if (name === undefined) throw new Error(`${where}: expected a metric name: ${JSON.stringify(line)}`);
  let at = METRIC_NAME.lastIndex;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      LABEL.lastIndex = at;
      const match = LABEL.exec(line) as [string, string, string] | null;
      if (!match) throw new Error(`${where}: expected a label at column ${at + 1}: ${JSON.stringify(line)}`);
      if (Object.hasOwn(labels, match[1])) throw new Error(`${where}: label ${match[1]} given twice`);
      labels[match[1]] = unescapeLabel(match[2]);
      at = LABEL.lastIndex;
      if (line[at] === ',') at += 1;
      else if (line[at] !== '}')
        throw new Error(`${where}: expected , or } at column ${at + 1}: ${JSON.stringify(line)}`);
    }
    at += 1;
  }
  const value = readNumber(VALUE_AND_TIME.exec(line.slice(at))?.[1]);
  if (value === undefined) throw new Error(`${where}: expected a value: ${JSON.stringify(line)}`);
  return { name, labels, value, type: typeOf(name, types) };
}

function typeOf(name: string, types: Map<string, MetricType>): MetricType {
  const own = types.get(name);
  if (own) return own;
  const suffix = /_(?:bucket|count|sum)$/.exec(name)?.[0];
  if (!suffix) return 'untyped';
  const family = types.get(name.slice(0, -suffix.length));
  return family && SUFFIXES[family]?.includes(suffix) ? family : 'untyped';
}

function readNumber(token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  return NUMBER.test(token) ? Number(token) : SPECIAL[token.toLowerCase()];
}

function unescapeLabel(raw: string): string {
  return raw.replace(/\\(.)/g, (whole, c: string) =>
    c === 'n' ? '\n' : c === '"' || c === '\\' ? c : whole,
  );
}
