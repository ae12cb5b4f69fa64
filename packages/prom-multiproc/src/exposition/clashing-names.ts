import type { Head } from './page-format.ts';

/** What OpenMetrics appends to a metric's name in the names of its samples: https://prometheus.io/docs/specs/om/open_metrics_spec/#suffixes */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  gaugehistogram: ['_bucket', '_gsum', '_gcount'],
  summary: ['_sum', '_count', '_created'],
  info: ['_info'],
};
const END = /_(?:total|created|bucket|sum|count|gsum|gcount|info)$/;

/** The types whose metrics lose their type first, if they clash. A metric of another type may then keep its own. */
const ROUNDS: readonly (readonly string[] | undefined)[] = [['counter'], Object.keys(ENDS), undefined];

/** A name and a type in OpenMetrics. */
export class OpenHead implements Head {
  readonly name: string;
  readonly type: string;
  /** Where the name ends like that of a sample; -1 if it does not. */
  readonly end: number;

  constructor({ name, type }: Head) {
    this.name = name;
    this.type = type;
    this.end = name.search(END);
  }
}

/** Whether two metrics have the same name, or one has the name of a sample that another may have. OpenMetrics allows neither. */
export function hasClash(heads: readonly (OpenHead | undefined)[]): boolean {
  const types = new Map<string, string>();
  const ending: OpenHead[] = [];
  let count = 0;
  for (const head of heads) {
    if (head === undefined) continue;
    count++;
    types.set(head.name, head.type);
    if (head.end >= 0) ending.push(head);
  }
  if (types.size < count) return true;
  return ending.some(({ name, end }) => {
    const type = types.get(name.slice(0, end));
    return type !== undefined && ENDS[type]?.includes(name.slice(end));
  });
}

/** The metrics that must be written without a type, each sample under its own name, so that no others clash. */
export function clashing(heads: readonly OpenHead[]): ReadonlySet<OpenHead> {
  const untyped = new Set<OpenHead>();
  for (const types of ROUNDS) {
    const owners = new Map<string, number>();
    for (const head of heads) {
      for (const name of namesOf(head, untyped.has(head))) owners.set(name, (owners.get(name) ?? 0) + 1);
    }
    for (const head of heads) {
      const isShared = (name: string): boolean => owners.get(name)! > 1;
      if (types?.includes(head.type) === false || untyped.has(head)) continue;
      if (namesOf(head, false).some(isShared)) untyped.add(head);
    }
  }
  return untyped;
}

function namesOf({ name, type }: Head, isUntyped: boolean): string[] {
  const ends = ENDS[type] ?? [];
  if (!isUntyped) return ['', ...ends].map((end) => name + end);
  return type === 'counter'
    ? [`${name}_total`]
    : ['', ...ends.filter((end) => end !== '_created')].map((end) => name + end);
}
