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
export const READERS = 200;
const FLOOD_CONNECTIONS = 32;
/** Requests that a connection sends in one go; below nginx' `keepalive_requests`. */
const FLOOD_AT_ONCE = 100;
export const BODY_BYTES = 1_000_000;
const BYTE_EVERY_MS = 4_000;
/** Of half a head: more in one go would be a burst that no network carries. */
const AT_ONCE = 128;
const KEEP_UP_EVERY_MS = 100;

/** By the resource that they take. */
export const ATTACKS = {
  requests,
  bodies,
  'small-bodies': smallBodies,
  'half-heads': halfHeads,
  readers,
  flood,
  quotes,
  unparsed,
} satisfies Record<string, Attack>;
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

/** The same with bodies that nginx keeps until they are whole. */
async function smallBodies(target: Target): Promise<Outcomes> {
  const connections = new Connections(target);
  const head = 'POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n';
  const dripping = setInterval(() => connections.write('x'), BYTE_EVERY_MS);
  await keepUp(connections, BODIES, head + 'x'.repeat(9_000), target);
  clearInterval(dripping);
  return connections.end();
}

/** Large answers that are not read. */
async function readers(target: Target): Promise<Outcomes> {
  const connections = new Connections({ ...target, reads: false });
  await keepUp(connections, READERS, 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n', target);
  return connections.end();
}

/** Requests as fast as they are answered or refused. */
function flood(target: Target): Promise<Outcomes> {
  return floodWith('GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n', target);
}

/** The longest targets, of what a log line has to escape. */
function quotes(target: Target): Promise<Outcomes> {
  return floodWith(`GET /${'"'.repeat(7_900)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, target);
}

/** What nginx passes on and Node's parser refuses. */
function unparsed(target: Target): Promise<Outcomes> {
  return floodWith('GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Y: a\x01b\r\n\r\n', target);
}

async function floodWith(request: string, target: Target): Promise<Outcomes> {
  const connections = new Connections({ ...target, repeat: true });
  await keepUp(connections, FLOOD_CONNECTIONS, request.repeat(FLOOD_AT_ONCE), target);
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
