import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SourceTextModule } from 'node:vm';

/** Code that Node rejects, although the TypeScript compiler may accept it. */
export interface Refusal {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const ERASED = 'Node erases types and runs the rest as JavaScript';

/**
 * Lists what Node rejects in a source file: one syntax error at most, and imports that resolve to no file. Needs the flags of
 * check-syntax.ts. See https://nodejs.org/api/typescript.html#typescript-features.
 */
export function refusals(file: string): Refusal[] {
  const refused = (line: number, message: string) => [{ file, line, message }];
  if (extname(file) === '.tsx' || extname(file) === '.jsx')
    return refused(1, `Node does not run ${extname(file)} files: write a .ts file without JSX`);
  const source = readFileSync(file, 'utf8');
  let code = source;
  try {
    if (extname(file) === '.ts' || extname(file) === '.mts') code = stripTypeScriptTypes(source);
  } catch (error) {
    const { message, stack = '' } = error as Error;
    return refused(Number(/:(\d+)\n/.exec(stack)?.[1] ?? 1), `${message} (${ERASED})`);
  }
  let imports: readonly string[];
  try {
    imports = new SourceTextModule(code, { identifier: file }).moduleRequests.map((one) => one.specifier);
  } catch (error) {
    const { line, text } = placeOf(code);
    const { message } = error as Error;
    return refused(line, `${message}: ${text} (${ERASED}; decorators need a compiler)`);
  }
  return imports.flatMap((specifier) => {
    const why = unresolved(specifier, file);
    return why === undefined ? [] : refused(lineOf(source, specifier), why);
  });
}

/** Finds the line of a syntax error in the stderr of `node --check`: the error object itself does not name it. */
function placeOf(code: string): { line: number; text: string } {
  const args = ['--check', '--input-type=module', '-'];
  const { stderr } = spawnSync(process.execPath, args, { input: code, encoding: 'utf8' });
  const [, line, text = ''] = /:(\d+)\n(.*)\n/.exec(stderr) ?? [];
  return { line: Number(line ?? 1), text: text.trim().slice(0, 100) };
}

function unresolved(specifier: string, file: string): string | undefined {
  let url: string;
  try {
    url = import.meta.resolve(specifier, pathToFileURL(file));
  } catch (error) {
    return (error as Error).message.replace(/ imported from .*/s, '');
  }
  if (!url.startsWith('file:')) return undefined;
  const path = fileURLToPath(url);
  if (existsSync(path) && extname(path) !== '') return undefined;
  const meant = [path.replace(/\.[cm]?js$/, '.ts'), `${path}.ts`, `${path}/index.ts`].find(
    (one) => one !== path && existsSync(one),
  );
  const advice =
    meant === undefined ? '' : `: write './${relative(dirname(file), meant)}'`.replace("'./../", "'../");
  return `'${specifier}' names no file${advice}`;
}

function lineOf(source: string, specifier: string): number {
  const lines = source.split('\n');
  return (
    1 +
    Math.max(
      0,
      lines.findIndex((line) => line.includes(`'${specifier}'`) || line.includes(`"${specifier}"`)),
    )
  );
}

/** node-syntax DIRECTORY: prints what Node rejects in the directory, as `file:line: message`. */
if (import.meta.main) {
  const directory = process.argv[2]!;
  const sources = globSync('**/*.{ts,mts,js,mjs,tsx,jsx}', {
    cwd: directory,
    exclude: ['**/node_modules/**'],
  });
  for (const source of sources.sort()) {
    for (const { file, line, message } of refusals(join(directory, source)))
      console.log(`${file}:${line}: ${message}`);
  }
}
