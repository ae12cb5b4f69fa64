/**
 * Compiles src/ to dist/ for the published package: CommonJS with types and source maps, and for `import` an ES module beside
 * each entry point that re-exports the same objects. `import` and `require` share one copy of the code and so one slot.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';

const PACKAGE = join(import.meta.dirname, '..');
const DIST = join(PACKAGE, 'dist');

rmSync(DIST, { recursive: true, force: true });
compile();
for (const file of globSync(join(DIST, '**/*.d.*ts'))) nameCompiledFiles(file);
const { publishConfig } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
for (const entry of Object.values<{ import?: { default: string } }>(publishConfig.exports)) {
  if (entry.import !== undefined) writeModule(basename(entry.import.default, '.mjs'));
}
chmodSync(join(PACKAGE, publishConfig.bin['prom-multiproc']), 0o755);

function compile(): void {
  const tsc = createRequire(import.meta.url).resolve('typescript/package.json');
  const args = [join(tsc, '../bin/tsc'), '--project', join(PACKAGE, 'tsconfig.build.json')];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  // The package.json above declares ES modules.
  writeFileSync(join(DIST, 'package.json'), '{ "type": "commonjs" }\n');
}

// The compiler keeps `.ts` in imports of declaration files, which some tools cannot resolve.
function nameCompiledFiles(file: string): void {
  const types = readFileSync(file, 'utf8');
  writeFileSync(file, types.replaceAll(/((?:from|import)\s*\(?'\.\.?\/[^']*)\.ts'/g, "$1.js'"));
}

function writeModule(entry: string): void {
  const names = Object.keys(createRequire(import.meta.url)(join(DIST, `${entry}.js`)));
  writeFileSync(join(DIST, `${entry}.mjs`), `export { ${names.join(', ')} } from './${entry}.js';\n`);
  writeFileSync(join(DIST, `${entry}.d.mts`), `export * from './${entry}.js';\n`);
}
