import type { Title } from './list.ts';

/** A test that goes by another title now, or was split or joined: `after` names all that hold what it held. */
export interface Renamed {
  readonly before: string;
  readonly after: readonly string[];
}

export interface Comparison {
  readonly kept: number;
  readonly renamed: readonly Renamed[];
  /** Missing, and no successor is named. */
  readonly missing: readonly Title[];
  /** Named as a successor, and not there. */
  readonly deadSuccessors: readonly string[];
  /** Named as renamed, and either still there or never there before. */
  readonly idle: readonly string[];
  readonly added: readonly Title[];
}

/** By title alone: a test may move to another file. The same title in two files is two tests. */
export function compare(
  before: readonly Title[],
  after: readonly Title[],
  renamedTitles: readonly Renamed[],
): Comparison {
  const missing = without(before, after);
  const added = without(after, before);
  const renamed = renamedTitles.filter((entry) => missing.some(({ title }) => title === entry.before));
  const titles = new Set(after.map(({ title }) => title));
  const successors = new Set(renamed.flatMap((entry) => entry.after));
  return {
    kept: before.length - missing.length,
    renamed,
    missing: missing.filter(({ title }) => !renamed.some((entry) => entry.before === title)),
    deadSuccessors: [...successors].filter((title) => !titles.has(title)),
    idle: renamedTitles.filter((entry) => !renamed.includes(entry)).map((entry) => entry.before),
    added: added.filter(({ title }) => !successors.has(title)),
  };
}

function without(titles: readonly Title[], others: readonly Title[]): Title[] {
  const left = new Map<string, number>();
  for (const { title } of others) left.set(title, (left.get(title) ?? 0) + 1);
  return titles.filter(({ title }) => {
    const count = left.get(title) ?? 0;
    left.set(title, count - 1);
    return count <= 0;
  });
}
