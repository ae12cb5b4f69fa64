import { createRequire } from 'node:module';

export const PEERS = ['prom-client', '@prometheus-io/client'] as const;
export type Peer = (typeof PEERS)[number];

/** `ours_again` is ours a second time, in processes of its own: what it differs by is the noise of this machine. */
export const SIDES = ['ours', 'ours_again', ...PEERS] as const;
export type Side = (typeof SIDES)[number];

/** What is used here of both clients, which has the same types in either. */
export type Client = typeof import('prom-client');

const require = createRequire(import.meta.url);

export function isOurs(side: string): boolean {
  return side.startsWith('ours');
}

/** Ours counts through prom-client, as its users do. */
export function clientOf(side: string): Client {
  if (isOurs(side)) return require('prom-client') as Client;
  if (!PEERS.includes(side as Peer)) throw new Error(`no side ${side}; there are ${SIDES.join(', ')}`);
  return require(side) as Client;
}
