/**
 * failed-tests.ts DIRECTORY: prints each failed test and the beginning of its error, from the reports in the directory. So the end of a log is enough to see what failed.
 */
import { stripVTControlCharacters } from 'node:util';
import { linesOf, readReports } from './reports.ts';

export interface FailedTest {
  readonly file: string;
  readonly title: string;
  readonly error: string;
}

/** A suite of Playwright's JSON report: a file, or within it a `describe`. */
interface Suite {
  readonly specs?: readonly {
    readonly file: string;
    readonly title: string;
    readonly tests: readonly {
      readonly status: string;
      readonly results: readonly { readonly errors?: readonly { readonly message?: string }[] }[];
    }[];
  }[];
  readonly suites?: readonly Suite[];
}

const MOST_TESTS = 20;
const MOST_LINES = 15;
const MOST_CHARACTERS = 300;

export function failedUnitTests(ndjson: string): FailedTest[] {
  return linesOf<FailedTest>(ndjson).filter((line): line is FailedTest => line.error !== undefined);
}

export function failedSpecs(json: string): FailedTest[] {
  const report = JSON.parse(json) as { suites: readonly Suite[]; errors?: readonly { message?: string }[] };
  const ofSuite = ({ specs = [], suites = [] }: Suite): FailedTest[] => [
    ...specs.flatMap(({ file, title, tests }) =>
      tests
        .filter(({ status }) => status === 'unexpected' || status === 'flaky')
        .map(({ results }) => ({
          file,
          title,
          error: messages(results.flatMap(({ errors = [] }) => errors)),
        })),
    ),
    ...suites.flatMap(ofSuite),
  ];
  const outside = (report.errors ?? []).map((error) => ({
    file: '',
    title: 'outside of a test',
    error: messages([error]),
  }));
  return [...report.suites.flatMap(ofSuite), ...outside];
}

const messages = (errors: readonly { readonly message?: string }[]): string =>
  errors.map(({ message = '' }) => message).join('\n');

/** The test's name, then its error, indented and cut. */
export function describeFailure({ file, title, error }: FailedTest): string {
  const lines = stripVTControlCharacters(error).split('\n');
  const shown = lines.slice(0, MOST_LINES).map((line) => `    ${line.slice(0, MOST_CHARACTERS)}`);
  if (lines.length > MOST_LINES) shown.push(`    (${lines.length - MOST_LINES} more lines)`);
  return [`  ${file}: ${title}`, ...shown].join('\n');
}

if (import.meta.main) {
  const [directory = '.'] = process.argv.slice(2);
  const failures = readReports(directory, { unit: failedUnitTests, e2e: failedSpecs });
  if (failures.length > 0) console.log('\n== failed tests');
  for (const failure of failures.slice(0, MOST_TESTS)) console.log(describeFailure(failure));
  if (failures.length > MOST_TESTS) console.log(`  and ${failures.length - MOST_TESTS} more`);
}
