import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const LOADING_TIMEOUT_MS = 5 * 60_000;

export interface Title {
  /** From the root of the checkout. */
  readonly file: string;
  readonly title: string;
}

interface Suite {
  readonly title: string;
  readonly file: string;
  readonly specs?: readonly { readonly title: string; readonly file: string }[];
  readonly suites?: readonly Suite[];
}

async function unitTitles(checkout: string): Promise<Title[]> {
  const listing = ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'];
  const { stdout } = await run('git', listing, { cwd: checkout });
  const files = stdout.trim().split('\n');
  const found: Title[] = [];
  const program = join(import.meta.dirname, 'titles-of-file.ts');
  const next = async (): Promise<void> => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      const { stdout: json } = await run(process.execPath, [program, file], {
        cwd: checkout,
        timeout: LOADING_TIMEOUT_MS,
      });
      const titles = JSON.parse(json.trim().split('\n').at(-1)!) as string[];
      for (const title of titles) found.push({ file, title });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
  return found;
}

/** Playwright lists what it would run: of every project. */
async function specTitles(checkout: string): Promise<Title[]> {
  const config = 'e2e/playwright.config.ts';
  const { stdout } = await run(
    'node_modules/.bin/playwright',
    ['test', '--config', config, '--list', '--reporter=json'],
    { cwd: checkout, maxBuffer: MAX_OUTPUT_BYTES },
  );
  const { suites } = JSON.parse(stdout) as { suites: readonly Suite[] };
  const titles = ({ specs = [], suites: inner = [] }: Suite, around: readonly string[]): Title[] => [
    ...specs.map(({ file, title }) => ({ file, title: [...around, title].join(' > ') })),
    ...inner.flatMap((suite) => titles(suite, [...around, suite.title])),
  ];
  return suites.flatMap((suite) => titles(suite, []));
}

/** Every test of a checkout with its packages in place, by file and title. */
export async function listTitles(checkout: string): Promise<Title[]> {
  const found = await Promise.all([unitTitles(checkout), specTitles(checkout)]);
  const key = ({ file, title }: Title) => `${file}\t${title}`;
  return found.flat().sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
