import { createRequire } from 'node:module';

export const PEERS = ['prom-client', '@prometheus-io/client'] as const;
export type Peer = (typeof PEERS)[number];

/** `ours_again` is the control: ours again in other processes, so its difference from ours is noise. */
export const SIDES = ['ours', 'ours_again', ...PEERS] as const;
export type Side = (typeof SIDES)[number];

/** The API used here, which has the same types in both clients. */
export type Client = typeof import('prom-client');

const require = createRequire(import.meta.url);

export function isOurs(side: string): boolean {
  return side.startsWith('ours');
}

/** Client of a side. Ours counts through prom-client. @throws Error on an unknown side */
export function clientOf(side: string): Client {
  if (isOurs(side)) return require('prom-client') as Client;
  if (!PEERS.includes(side as Peer))
    throw new Error(`unknown side ${side}; the sides are ${SIDES.join(', ')}`);
  return require(side) as Client;
}
