import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';

/** The part of an Express router that is read: the pattern of each layer, and the route or router behind it. */
interface Layer {
  readonly rawPath?: unknown;
  readonly route?: object;
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** One place at which a route is reachable: the pattern of its mount point, and its own pattern. */
interface Place {
  readonly mount: string;
  readonly path: string;
  /** Both together. */
  readonly pattern: string;
}

const places = new WeakMap<object, Place[]>();

/**
 * Returns the pattern of the matched Express route with its mount points, such as `/users/:id/posts`; undefined if no route matched.
 * It never returns the raw path or `req.baseUrl`, a part of it: their cardinality is unbounded.
 */
export function expressRoute(message: IncomingMessage): string | undefined {
  const req = message as Request;
  const route: { path: unknown } | undefined = req.route;
  if (route === undefined) return undefined;
  let found = places.get(route);
  if (found === undefined) {
    collectPlaces(req.app.router as unknown as { stack: readonly Layer[] }, '');
    found = places.get(route) ?? [placeAt('', String(route.path))];
    places.set(route, found);
  }
  // If a router is mounted at several places, the request decides: its base URL fits one of the patterns.
  const place = found.length === 1 ? found[0]! : (found.find((p) => fits(p.mount, req.baseUrl)) ?? found[0]!);
  return place.pattern;
}

function placeAt(mount: string, path: string): Place {
  return { mount, path, pattern: join(mount, path) };
}

function collectPlaces(router: { readonly stack: readonly Layer[] }, mount: string): void {
  for (const layer of router.stack) {
    const path = String(layer.rawPath ?? '');
    if (layer.route !== undefined) {
      const known = places.get(layer.route) ?? [];
      if (!known.some((p) => p.mount === mount && p.path === path)) known.push(placeAt(mount, path));
      places.set(layer.route, known);
    } else if (layer.handle.stack !== undefined) {
      collectPlaces({ stack: layer.handle.stack }, join(mount, path));
    }
  }
}

function fits(pattern: string, path: string): boolean {
  const wanted = pattern.replace(/\/$/, '').toLowerCase().split('/');
  const given = path.toLowerCase().split('/');
  return (
    wanted.length === given.length &&
    wanted.every((segment, i) => /[:*{]/.test(segment) || segment === given[i])
  );
}

function join(mount: string, path: string): string {
  if (mount === '') return path;
  return path === '/' ? mount : mount.replace(/\/$/, '') + path;
}
