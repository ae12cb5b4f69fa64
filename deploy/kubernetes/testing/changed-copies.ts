import type { KubernetesObject } from './render.ts';

type Json = Record<string, unknown>;
type Path = readonly string[];

export interface ChangedCopy {
  /** Where it was changed, such as `Deployment.spec.template`. */
  readonly path: string;
  readonly copy: KubernetesObject;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

function pathsOf(value: unknown, path: Path = []): Path[] {
  const inner = isObject(value)
    ? Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...path, key]))
    : [];
  return [path, ...inner];
}

const at = (object: unknown, path: Path) =>
  path.reduce<unknown>((value, key) => (value as Json)[key], object);

const named = (object: KubernetesObject, path: Path) => [object.kind, ...path].join('.');

/** Returns one copy for each mapping of the object, with `field` added to that mapping. */
export function withField(object: KubernetesObject, field: string): ChangedCopy[] {
  const mappings = pathsOf(object).filter((path) => {
    const value = at(object, path);
    return isObject(value) && !Array.isArray(value);
  });
  return mappings.map((path) => {
    const copy = structuredClone(object);
    (at(copy, path) as Json)[field] = '1';
    return { path: named(object, path), copy };
  });
}

/** Returns one copy for each string, number and boolean below the top level, with `value` in its place. */
export function withValue(object: KubernetesObject, value: unknown): ChangedCopy[] {
  const scalars = pathsOf(object).filter((path) => path.length > 1 && !isObject(at(object, path)));
  return scalars.map((path) => {
    const copy = structuredClone(object);
    (at(copy, path.slice(0, -1)) as Json)[path.at(-1)!] = value;
    return { path: named(object, path), copy };
  });
}
