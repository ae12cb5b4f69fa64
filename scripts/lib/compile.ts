import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

/** A source that cannot be compiled. The message begins with `file:line: `. */
export class CompileError extends Error {
  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`);
  }
}

/** Returns the name of the compiled file: `.js` for `.ts`, likewise for `.mts` and `.cts`. Other names stay. */
export function compiledName(file: string): string {
  return file.replace(/\.([cm]?)ts$/, '.$1js');
}

/** A string literal that names a TypeScript file. */
const NAME = /(['"])([^/'"`\r\n][^'"`\r\n]*\.[cm]?ts)\1/g;
/** A dynamic import whose specifier is not one string literal, but ends like the name of a TypeScript file. */
const COMPUTED_IMPORT = /\bimport\s*\([^)]*\.[cm]?ts['"`]/g;

/**
 * Compiles a source to JavaScript: it erases types, and writes `.js` in relative names of other sources. Every line and column
 * stays. See https://nodejs.org/api/module.html#modulestriptypescripttypescode-options.
 *
 * @param isSource whether a path names a source that is compiled too
 * @throws CompileError for syntax that Node does not erase, and for names of sources that it cannot rewrite
 */
export function compile(file: string, text: string, isSource: (path: string) => boolean): string {
  const compiled = erase(file, text).replace(NAME, (literal, quote: string, name: string, at: number) => {
    if (!isSource(join(dirname(file), name))) return literal;
    if (/^\.\.?\//.test(name)) return `${quote}${compiledName(name)}${quote}`;
    throw new CompileError(
      file,
      lineAt(text, at),
      `${literal} names a source: write new URL('./${name}', import.meta.url), so that the build can rename it`,
    );
  });
  for (const { 0: found, index } of compiled.matchAll(COMPUTED_IMPORT)) {
    const message = `${found}: the build cannot rename a computed import; write each name as one string`;
    throw new CompileError(file, lineAt(text, index), message);
  }
  return compiled;
}

function erase(file: string, text: string): string {
  if (compiledName(file) === file) return text;
  try {
    return stripTypeScriptTypes(text);
  } catch (error) {
    const { message, stack = '' } = error as Error;
    throw new CompileError(file, Number(/:(\d+)\n/.exec(stack)?.[1] ?? 1), message);
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
