import type { Resolver } from 'node:dns/promises';

/** Codes of an answer without addresses: the name has no replica now. */
const NONE = new Set(['ENOTFOUND', 'ENODATA']);

/** Returns the IPv4 addresses of a name. @throws if no server answered */
export async function addressesOf(name: string, resolver: Pick<Resolver, 'resolve4'>): Promise<string[]> {
  try {
    return await resolver.resolve4(name);
  } catch (error) {
    if (NONE.has((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
