import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';

/** What is read of Express' router: each layer's pattern, and the route or the router behind it. */
interface Layer {
  readonly rawPath?: unknown;
  readonly route?: object;
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** One place a route is reachable at: the pattern it is mounted under, and its own. */
interface Place {
  readonly mount: string;
  readonly path: string;
}

const places = new WeakMap<object, Place[]>();

/**
 * The pattern of the route that Express matched, mount points included, such as `/users/:id/posts`; undefined when none
 * was. Never the raw path: `req.baseUrl` holds what the client typed, an unbounded label.
 */
export function expressRoute(asked: IncomingMessage): string | undefined {
  const req = asked as Request;
  const route: { path: unknown } | undefined = req.route;
  if (route === undefined) return undefined;
  let found = places.get(route);
  if (found === undefined) {
    collectPlaces(req.app.router as unknown as { stack: readonly Layer[] }, '');
    found = places.get(route) ?? [{ mount: '', path: String(route.path) }];
    places.set(route, found);
  }
  // A router mounted at several places: the one whose pattern fits what the client typed.
  const place = found.length === 1 ? found[0]! : (found.find((p) => fits(p.mount, req.baseUrl)) ?? found[0]!);
  return join(place.mount, place.path);
}

function collectPlaces(router: { readonly stack: readonly Layer[] }, mount: string): void {
  for (const layer of router.stack) {
    const path = String(layer.rawPath ?? '');
    if (layer.route !== undefined) {
      const known = places.get(layer.route) ?? [];
      if (!known.some((p) => p.mount === mount && p.path === path)) known.push({ mount, path });
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
