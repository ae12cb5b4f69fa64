import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { CompileError, compile, compiledName } from './compile.ts';

const PACKAGES = ['demo-app', 'packages/cluster-runtime', 'packages/prom-multiproc'];
/** Sources and other files of the application. A folder stands for all its files. */
const CONTENTS = [
  ...PACKAGES.map((folder) => `${folder}/src`),
  'scripts/clear-metrics-dir',
  'scripts/clear-metrics-dir.ts',
  'supervisor',
];
const LEFT_OUT =
  /\.test\.ts$|^supervisor\/(host\/|install-host$)|(^|\/)(testing|node_modules)\/|\.d\.[cm]?ts$/;
const MODULE = /\.[cm]?[jt]s$/;

/**
 * Writes the application of the checkout `root` as JavaScript to the folder `target`, at the same relative paths. Files that
 * `target` contains and the application does not are removed.
 *
 * @throws CompileError if a source cannot be compiled; `target` is then unchanged
 */
export function build(root: string, target: string): void {
  const files = CONTENTS.flatMap((path) => filesOf(root, path)).filter((file) => !LEFT_OUT.test(file));
  const sources = new Set(files.filter((file) => compiledName(file) !== file));
  const outputs = new Map<string, string | Buffer>();
  for (const file of files) {
    const name = compiledName(file);
    if (outputs.has(name)) throw new CompileError(file, 1, `${name} exists too; rename one of them`);
    outputs.set(name, contentOf(root, file, sources));
  }
  for (const folder of ['.', ...PACKAGES]) {
    const file = join(folder, 'package.json');
    outputs.set(file, manifest(readFileSync(join(root, file), 'utf8')));
  }
  for (const [file, content] of outputs) write(join(target, file), content);
  for (const file of filesOf(target, '.')) if (!outputs.has(file)) rmSync(join(target, file));
  linkPackages(root, target);
}

/** Lists the files of a folder and its subfolders, or the file itself, relative to `root`. Symlinks are left out. */
function filesOf(root: string, path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink())
    .flatMap((entry) => filesOf(root, join(path, entry.name)));
}

function contentOf(root: string, file: string, sources: ReadonlySet<string>): string | Buffer {
  const content = readFileSync(join(root, file));
  if (MODULE.test(file)) return compile(file, content.toString(), (path) => sources.has(path));
  // The kernel does not run a script with CRLF line endings, which the checkout may have.
  return file.startsWith('demo-app/') ? content : content.toString().replaceAll('\r\n', '\n');
}

/** Returns the fields of package.json that Node and scanners read, with the names of compiled files. */
function manifest(text: string): string {
  const { name, version, license, type, exports, bin } = JSON.parse(text);
  return `${JSON.stringify({ name, version, license, type, exports, bin }, null, 2).replaceAll('.ts"', '.js"')}\n`;
}

function write(file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode: extname(file) === '' ? 0o755 : 0o644 });
}

/** Makes the packages import each other's compiled files, and all other packages from the checkout. */
function linkPackages(root: string, target: string): void {
  const links = join(target, 'node_modules');
  rmSync(links, { recursive: true, force: true });
  mkdirSync(links);
  for (const folder of PACKAGES) {
    symlinkSync(relative(links, join(target, folder)), join(links, basename(folder)));
    // npm puts a package here if the checkout has it in two versions.
    const own = join(folder, 'node_modules');
    rmSync(join(target, own), { force: true });
    if (existsSync(join(root, own)))
      symlinkSync(relative(join(target, folder), join(root, own)), join(target, own));
  }
}

/** `npm run build`: builds this checkout into dist/, which the Dockerfile copies. To start it: dist/supervisor/run-app. */
if (import.meta.main) {
  const root = resolve(import.meta.dirname, '../..');
  try {
    build(root, join(root, 'dist'));
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
