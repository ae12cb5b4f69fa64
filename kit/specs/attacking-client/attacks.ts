import { setTimeout as delay } from 'node:timers/promises';
import { Connections, type Outcomes } from './connections.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Ends the attack. */
  readonly signal: AbortSignal;
  /** Called once the whole attack is running. */
  begun(): void;
}

/** Returns how many connections ended with each status, error or state. */
export type Attack = (target: Target) => Promise<Outcomes>;

export const REQUESTS = 500;
export const BODIES = 154;
export const CONNECTIONS = 8_192;
export const READERS = 200;
const FLOOD_CONNECTIONS = 32;
/** Pipelined requests; below nginx's `keepalive_requests`. */
const FLOOD_AT_ONCE = 100;
export const BODY_BYTES = 1_000_000;
const BYTE_EVERY_MS = 4_000;
/** Connections opened at once: a larger burst would lose packets. */
const OPEN_AT_ONCE = 128;
const KEEP_UP_EVERY_MS = 100;

/** Each attack exhausts one resource. */
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

/** Requests that take four seconds each, repeated as soon as they are answered. */
async function requests(target: Target): Promise<Outcomes> {
  const connections = new Connections(target);
  const head = 'GET /aborted?ms=4000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  await keepUp(connections, REQUESTS, head, target);
  return connections.end();
}

/** Bodies of 1 MB that arrive one byte every four seconds, repeated as soon as a connection ends. */
async function bodies(target: Target): Promise<Outcomes> {
  const connections = new Connections(target);
  const head = `POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`;
  const dripping = setInterval(() => connections.write('x'), BYTE_EVERY_MS);
  await keepUp(connections, BODIES, head + 'x'.repeat(BODY_BYTES / 2), target);
  clearInterval(dripping);
  return connections.end();
}

/** The same with bodies that nginx buffers until they are complete. */
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

/** Requests as fast as they are answered. */
function flood(target: Target): Promise<Outcomes> {
  return floodWith('GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n', target);
}

/** The longest targets, of characters that a log line escapes. */
function quotes(target: Target): Promise<Outcomes> {
  return floodWith(`GET /${'"'.repeat(7_900)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, target);
}

/** Requests that nginx passes on and Node's parser rejects. */
function unparsed(target: Target): Promise<Outcomes> {
  return floodWith('GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Y: a\x01b\r\n\r\n', target);
}

async function floodWith(request: string, target: Target): Promise<Outcomes> {
  const connections = new Connections({ ...target, repeat: true });
  await keepUp(connections, FLOOD_CONNECTIONS, request.repeat(FLOOD_AT_ONCE), target);
  return connections.end();
}

/** Connections with incomplete headers, opened again as soon as they end. */
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
  let reported = false;
  while (!signal.aborted) {
    await connections.open(Math.min(OPEN_AT_ONCE, count - connections.opening), text);
    const all = connections.opened >= count;
    if (all && !reported) begun();
    reported ||= all;
    if (connections.opening >= count) await delay(KEEP_UP_EVERY_MS, undefined, { ref: true });
  }
}
