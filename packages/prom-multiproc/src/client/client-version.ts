import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AnyRegistry } from './client-internals.ts';

/** Name and version of the package of a registry's class; undefined if Node's `require` did not load it. */
export function clientVersion(register: AnyRegistry): string | undefined {
  const path = pathOf(register);
  if (path === undefined) return undefined;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, 'utf8'));
    if (name !== undefined && version !== undefined) return `${name} ${version}`;
  }
  return undefined;
}

/** The file that exports the registry's class or a superclass of it. */
function pathOf(register: AnyRegistry): string | undefined {
  const modules = loadedModules();
  for (let one = Object.getPrototypeOf(register); one !== null; one = Object.getPrototypeOf(one)) {
    for (const path in modules) {
      if (modules[path]?.exports === one.constructor) return path;
    }
  }
  return undefined;
}

/** Loaded at run time, because bundlers replace Node's `require`. */
function loadedModules(): Record<string, { readonly exports: unknown } | undefined> {
  const { _cache } = process.getBuiltinModule('node:module') as unknown as { _cache?: never };
  return _cache ?? {};
}
