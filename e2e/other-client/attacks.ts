import { setTimeout as delay } from 'node:timers/promises';
import { Connections, type Outcomes } from './connections.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Aborts when the attack is to end. */
  readonly signal: AbortSignal;
  /** Says that all of it is under way. */
  begun(): void;
}

/** What the connections of an attack ended with: a status, or what became of one without any. */
export type Attack = (target: Target) => Promise<Outcomes>;

export const REQUESTS = 500;
export const BODIES = 154;
export const CONNECTIONS = 8_192;
export const BODY_BYTES = 1_000_000;
const BYTE_EVERY_MS = 4_000;
/** Of half a head: more in one go would be a burst that no network carries. */
const AT_ONCE = 128;
const KEEP_UP_EVERY_MS = 100;

/** Those of issue 11, by the resource that they take. */
export const ATTACKS = { requests, bodies, 'half-heads': halfHeads } satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;

/** Requests that take four seconds each, all at one time, and again as soon as there is an answer. */
async function requests(target: Target): Promise<Outcomes> {
  const connections = new Connections(target);
  const head = 'GET /aborted?ms=4000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  await keepUp(connections, REQUESTS, head, target);
  return connections.end();
}

/** Bodies of a megabyte, of which a byte comes every four seconds; again as soon as one is ended. */
async function bodies(target: Target): Promise<Outcomes> {
  const connections = new Connections(target);
  const head = `POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`;
  const dripping = setInterval(() => connections.write('x'), BYTE_EVERY_MS);
  await keepUp(connections, BODIES, head + 'x'.repeat(BODY_BYTES / 2), target);
  clearInterval(dripping);
  return connections.end();
}

/** As many connections, each with half a head; again as soon as one is ended. */
async function halfHeads(target: Target): Promise<Outcomes> {
  const connections = new Connections(target);
  await keepUp(connections, CONNECTIONS, 'GET /ping HTTP/1.1\r\nHost: local', target);
  return connections.end();
}

async function keepUp(
  connections: Connections,
  count: number,
  text: string,
  { signal, begun }: Target,
): Promise<void> {
  let said = false;
  while (!signal.aborted) {
    await connections.open(Math.min(AT_ONCE, count - connections.opening), text);
    const all = connections.opened >= count;
    if (all && !said) begun();
    said ||= all;
    if (connections.opening >= count) await delay(KEEP_UP_EVERY_MS, undefined, { ref: true });
  }
}
