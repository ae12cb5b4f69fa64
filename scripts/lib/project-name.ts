/** What the template is called, as it comes. */
export const TEMPLATE_NAME = 'pandoras-express';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LONGEST = 40;

/**
 * What is wrong with a name; undefined where it will do as a compose project, an image, a package and a path.
 * `taken`: the packages that npm knows here, as it refuses to install one into a project of its own name.
 */
export function nameProblem(name: string, taken: ReadonlySet<string>): string | undefined {
  if (!NAME.test(name)) {
    return 'take small letters, digits and single hyphens between them, a letter first: acme-orders';
  }
  if (name.length > LONGEST) return `${name.length} characters, take at most ${LONGEST}`;
  if (taken.has(name)) return 'a package of this name is installed here: take another name';
  return undefined;
}

/** The packages of package-lock.json, by name. */
export function lockedPackages(lock: { readonly packages: Readonly<Record<string, unknown>> }): Set<string> {
  const paths = Object.keys(lock.packages).filter((path) => path !== '');
  return new Set(paths.map((path) => path.split('node_modules/').at(-1)!));
}

/** `acme-orders`: Acme Orders. */
export function titleOf(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
}

/** The title stands on pages, in JSON and in Markdown: nothing that means something in one of them. */
export function titleProblem(title: string): string | undefined {
  if (/^[\p{L}\p{N}][\p{L}\p{N} .,'’+-]{0,59}$/u.test(title)) return undefined;
  return "take letters, digits, spaces and . , ' + -, a letter or a digit first, at most 60 characters";
}

export interface Renaming {
  readonly name: string;
  readonly title: string;
}

/** A text with the template's name and title replaced, and how often. */
export function renamed(
  text: string,
  { name, title }: Renaming,
): { readonly text: string; readonly count: number } {
  let count = 0;
  const counting = (by: string) => () => {
    count += 1;
    return by;
  };
  // One pass each, over what was there: a new name may hold the old one.
  const result = text
    .replaceAll(TEMPLATE_NAME, counting(name))
    .replace(/Pandora['’]s Express/g, counting(title));
  return { text: result, count };
}

/** Files of others, shared by all checkouts of a machine, or about the template as such. */
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
