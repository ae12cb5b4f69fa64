import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Entry, trace } from './trace.ts';

/** The calls that are walked, each through the library from the application's call on. */
export const WALKS = [
  'known series',
  'first count of a series',
  'first count of a process',
  'warm scrape',
] as const;
export type WalkName = (typeof WALKS)[number];

/** A function by its file, as a path from `src/`, and the offset at which it begins there. */
export interface ExecutedFunction {
  readonly file: string;
  readonly start: number;
}

/** What one call executes of the library's sources. */
export interface Walk {
  /** Files of which a function was executed, by V8's precise coverage. */
  readonly files: readonly string[];
  /** Number of calls from one of these files into another. */
  readonly calls: number;
  /** Folders in the order in which the call first enters them. */
  readonly folders: readonly string[];
  /** Folders that are entered from more than one other folder, or from one again after it was left for another. */
  readonly enteredAgain: readonly string[];
  /** From folder to folder, against the direction of the imports: calls through an interface. */
  readonly upward: readonly string[];
}

/** The library's folders: each imports only from those before it. */
const ORDER = ['os', 'util', 'format', 'slot', 'merge', 'exposition', 'client', 'metric', 'process', 'src'];

/** The directory of the library that this checkout has. */
export const LIBRARY = dirname(dirname(fileURLToPath(import.meta.resolve('prom-multiproc'))));

const run = promisify(execFile);

function program(library: string, walk: WalkName): string[] {
  return ['--no-warnings', join(import.meta.dirname, 'walk-case.ts'), library, walk];
}

async function functionsOf(walk: WalkName, library: string): Promise<ExecutedFunction[]> {
  const { stdout } = await run(process.execPath, program(library, walk));
  return JSON.parse(stdout);
}

/** The files of `library` of which one call executes a function. */
export async function filesOf(walk: WalkName, library = LIBRARY): Promise<string[]> {
  return files(await functionsOf(walk, library));
}

function files(functions: readonly ExecutedFunction[]): string[] {
  return [...new Set(functions.map(({ file }) => file))];
}

/** The same with the way between them. */
export async function measureWalk(walk: WalkName, library = LIBRARY): Promise<Walk> {
  const functions = await functionsOf(walk, library);
  const source = pathToFileURL(join(library, 'src/')).href;
  const entries = await trace([...program(library, walk), '--debug'], source, functions);
  return { files: files(functions), ...wayOf(entries) };
}

function wayOf(entries: readonly Entry[]): Omit<Walk, 'files'> {
  const visits: string[] = [];
  const upward = new Set<string>();
  let calls = 0;
  for (const { from, to } of entries) {
    if (from === to) continue;
    calls += from === undefined ? 0 : 1;
    const [here, there] = [from && folderOf(from), folderOf(to)];
    if (here === there) continue;
    if (visits.at(-1) !== there) visits.push(there);
    if (here !== undefined && ORDER.indexOf(here) < ORDER.indexOf(there)) upward.add(`${here} -> ${there}`);
  }
  const again = visits.filter((folder, i) => visits.indexOf(folder) < i);
  return {
    calls,
    folders: [...new Set(visits)],
    enteredAgain: [...new Set(again)],
    upward: [...upward],
  };
}

function folderOf(file: string): string {
  const folder = dirname(file);
  return folder === '.' ? 'src' : folder;
}
