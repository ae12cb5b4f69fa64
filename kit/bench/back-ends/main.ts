/**
 * `npm run bench -- back-ends [--quick] [--json] [--out FILE]` compares koffi with node:ffi (PROM_MULTIPROC_FFI=node): start and memory
 * of a process with compiled sources, and the bytes that koffi takes on disk; 1 minute. `ours` is koffi, `ours_again` the control,
 * `unshared` prom-client alone. Writes the figures as JSON to FILE (default `reports/back-ends.json`) and prints them as a table.
 */
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from '../../../scripts/lib/build.ts';
import { BACK_ENDS_JSON } from '../files.ts';
import { temporaryDirectory } from '../library/cases/temporary-directory.ts';
import { benchOptions } from '../library/options.ts';
import { asText } from '../library/report/table.ts';
import { compare, type Report, type Samples } from '../stats/comparison.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Below the checkout, so that packages are found. */
const BUILD = join(ROOT, 'reports/back-ends');
const SIDES = {
  ours: {},
  node_ffi: { PROM_MULTIPROC_FFI: 'node', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  ours_again: {},
  unshared: { PROMETHEUS_MULTIPROC_DIR: '' },
} as const;

const options = benchOptions(process.argv.slice(2), BACK_ENDS_JSON);
const rounds = options.quick ? 3 : 20;

type Figures = Readonly<Record<string, readonly [value: number, unit: string]>>;

async function measure(): Promise<Report> {
  build(ROOT, BUILD);
  const program = join(BUILD, 'first-count.js');
  const source = readFileSync(join(import.meta.dirname, 'first-count.ts'), 'utf8');
  writeFileSync(program, stripTypeScriptTypes(source));
  const runs: [side: string, figures: Figures][] = [];
  // The first round fills the file cache and is left out.
  for (let round = 0; round <= rounds; round++) {
    for (const [side, env] of Object.entries(SIDES)) {
      const figures = await run(program, env);
      if (round > 0) runs.push([side, figures]);
    }
  }
  const [, names] = runs[0]!;
  const report = Object.entries(names).map(([name, [, unit]]) => [
    name,
    compare(samplesOf(runs, name), unit),
  ]);
  const installed = { ours: [bytesOfKoffi()], node_ffi: [0] };
  return { ...Object.fromEntries(report), bytes_on_disk: compare(installed, 'bytes') };
}

async function run(program: string, env: Readonly<Record<string, string>>): Promise<Figures> {
  const directory = temporaryDirectory();
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory, PROM_MULTIPROC_FFI: '', ...env },
  });
  return JSON.parse(stdout);
}

function samplesOf(runs: readonly (readonly [side: string, figures: Figures])[], name: string): Samples {
  return Object.fromEntries(
    Object.keys(SIDES).map((side) => [
      side,
      runs.filter(([of]) => of === side).map(([, figures]) => figures[name]![0]),
    ]),
  );
}

/** koffi and its binaries for this platform, as npm installs them. */
function bytesOfKoffi(): number {
  const folders = ['koffi', `@koromix/koffi-linux-${process.arch}`];
  return folders
    .flatMap((folder) => globSync('**', { cwd: join(ROOT, 'node_modules', folder), withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

const report = await measure();
mkdirSync(dirname(options.out), { recursive: true });
writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : asText(report));
