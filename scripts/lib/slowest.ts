/**
 * slowest.ts DIRECTORY: prints the ten slowest test files from the reports in the directory. A file that ran with several clients is listed once for each.
 */
import { join } from 'node:path';
import { linesOf, readReports } from './reports.ts';

export interface FileTime {
  readonly file: string;
  readonly seconds: number;
}

/** A suite of Playwright's JSON report: a file, or within it a `describe`. */
interface Suite {
  readonly specs?: readonly {
    readonly file: string;
    readonly tests: readonly { readonly results: readonly { readonly duration: number }[] }[];
  }[];
  readonly suites?: readonly Suite[];
}

export function unitTimes(ndjson: string): FileTime[] {
  return linesOf<FileTime>(ndjson).filter((line): line is FileTime => line.seconds !== undefined);
}

/** Adds up the tests of each file, without its `beforeAll` hooks: Playwright does not report their duration. */
export function specTimes(json: string): FileTime[] {
  const { config, suites } = JSON.parse(json) as { config: { rootDir: string }; suites: readonly Suite[] };
  const seconds = new Map<string, number>();
  const add = (suite: Suite): void => {
    for (const { file, tests } of suite.specs ?? []) {
      const results = tests.flatMap((test) => test.results);
      const sum = results.reduce((total, { duration }) => total + duration / 1000, 0);
      const path = join(config.rootDir, file);
      seconds.set(path, (seconds.get(path) ?? 0) + sum);
    }
    suite.suites?.forEach(add);
  };
  suites.forEach(add);
  return [...seconds].map(([file, total]) => ({ file, seconds: total }));
}

export function slowest(times: readonly FileTime[], most: number): FileTime[] {
  return times.toSorted((a, b) => b.seconds - a.seconds).slice(0, most);
}

if (import.meta.main) {
  const [directory = '.'] = process.argv.slice(2);
  const root = join(import.meta.dirname, '../../');
  const times = readReports(directory, { unit: unitTimes, e2e: specTimes });
  for (const { file, seconds } of slowest(times, 10)) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${file.replace(root, '')}`);
  }
}
