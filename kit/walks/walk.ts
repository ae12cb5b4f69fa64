import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Entry, trace } from './trace.ts';

/** The measured calls, each from the application's call of the client. */
export const WALKS = [
  'known series',
  'first count of a series',
  'first count of a process',
  'warm scrape',
] as const;
export type WalkName = (typeof WALKS)[number];

/** A function: its file, relative to `src/`, and its start offset in it. */
export interface ExecutedFunction {
  readonly file: string;
  readonly start: number;
}

/** The part of the library that one call executes. */
export interface Walk {
  /** Files with an executed function, by V8's precise coverage. */
  readonly files: readonly string[];
  /** Number of calls from one of these files into another. */
  readonly calls: number;
  /** Folders in the order in which the call first enters them. */
  readonly folders: readonly string[];
  /** Folders that the call leaves and enters again. */
  readonly enteredAgain: readonly string[];
  /** `from -> to` for each call to a folder that `from` may not import: a call through an interface. */
  readonly upward: readonly string[];
}

/** The library's folders; each imports only from earlier ones. */
const ORDER = ['os', 'util', 'format', 'slot', 'merge', 'exposition', 'client', 'metric', 'process', 'src'];

/** The directory of this checkout's library. */
export const LIBRARY = dirname(dirname(fileURLToPath(import.meta.resolve('prom-multiproc'))));

const run = promisify(execFile);

function program(library: string, walk: WalkName): string[] {
  return ['--no-warnings', join(import.meta.dirname, 'walk-case.ts'), library, walk];
}

async function functionsOf(walk: WalkName, library: string): Promise<ExecutedFunction[]> {
  const { stdout } = await run(process.execPath, program(library, walk));
  return JSON.parse(stdout);
}

/** Returns the files of `library` in which the call executes a function. */
export async function filesOf(walk: WalkName, library = LIBRARY): Promise<string[]> {
  return files(await functionsOf(walk, library));
}

function files(functions: readonly ExecutedFunction[]): string[] {
  return [...new Set(functions.map(({ file }) => file))];
}

/** Returns the files and the calls between them. */
export async function measureWalk(walk: WalkName, library = LIBRARY): Promise<Walk> {
  const functions = await functionsOf(walk, library);
  const source = pathToFileURL(join(library, 'src/')).href;
  const entries = await trace([...program(library, walk), '--debug'], source, functions);
  return { files: files(functions), ...pathOf(entries) };
}

function pathOf(entries: readonly Entry[]): Omit<Walk, 'files'> {
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
