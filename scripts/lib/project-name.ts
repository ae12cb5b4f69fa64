/** The name of the template before scripts/rename-template. */
export const TEMPLATE_NAME = 'pandoras-express';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LONGEST = 40;

/**
 * Returns why a name cannot be used for the compose project, the images, the package and paths; undefined if it can.
 * `taken`: the installed packages. npm refuses to install a package into a project of the same name.
 */
export function nameProblem(name: string, taken: ReadonlySet<string>): string | undefined {
  if (!NAME.test(name)) {
    return 'use lower-case letters, digits and single hyphens between them, and begin with a letter: acme-orders';
  }
  if (name.length > LONGEST) return `${name.length} characters, use at most ${LONGEST}`;
  if (taken.has(name)) return 'an installed package has this name: choose another one';
  return undefined;
}

/** Returns the names of the packages in package-lock.json. */
export function lockedPackages(lock: { readonly packages: Readonly<Record<string, unknown>> }): Set<string> {
  const paths = Object.keys(lock.packages).filter((path) => path !== '');
  return new Set(paths.map((path) => path.split('node_modules/').at(-1)!));
}

/** Returns the default title of a name: `Acme Orders` for `acme-orders`. */
export function titleOf(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}

/** Returns why a title cannot be used, or undefined. It is written unescaped into HTML, JSON, YAML and Markdown. */
export function titleProblem(title: string): string | undefined {
  if (/^[\p{L}\p{N}][\p{L}\p{N} .,'’+-]{0,59}$/u.test(title)) return undefined;
  return "use letters, digits, spaces and . , ' + -, begin with a letter or a digit, at most 60 characters";
}

export interface Renaming {
  readonly name: string;
  readonly title: string;
}

/** Replaces the template's name and title in a text; `count` is the number of replacements. */
export function renamed(
  text: string,
  { name, title }: Renaming,
): { readonly text: string; readonly count: number } {
  let count = 0;
  const counting = (by: string) => () => {
    count += 1;
    return by;
  };
  // One pass each, because the new name may contain the old one.
  const result = text
    .replaceAll(TEMPLATE_NAME, counting(name))
    .replace(/Pandora['’]s Express/g, counting(title));
  return { text: result, count };
}

/** Files of a separate package, about the template itself, or with names that all checkouts of a machine share. */
const KEPT = [
  /^packages\/prom-multiproc\//,
  /(^|\/)(LICENSE|CHANGELOG\.md)$/,
  /^kit\/bench\//,
  /^docs\/guides\/make-it-yours\.md$/,
  /^\.ci\/lib\/(engine|stand-ins)\.sh$/,
  /^\.ci\/stand-ins\//,
  /^scripts\/(lib\/)?(rename-template|project-name)(\.test)?(\.ts)?$/,
];

export function keepsItsName(path: string): boolean {
  return KEPT.some((kept) => kept.test(path));
}
