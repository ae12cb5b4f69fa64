// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { WebSocketServer } from 'ws';

const EVENT_EVERY_MS = 200;
/** Content: the reason why the application is not ready. */
const REASON_FILE = '/run/app/reason';

/**
 * Replaces the app in the image: WebSockets that echo, event streams, late answers and uploads on any path.
 *
 * @returns {import('cluster-runtime').App}
 */
export function createApp() {
  const sockets = new WebSocketServer({ noServer: true });
  /** @type {Set<import('node:http').ServerResponse>} */
  const streams = new Set();
  return {
    listener(req, res) {
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://app');
      if (pathname.endsWith('/events')) sendEvents(res);
      else if (pathname.endsWith('/late')) setTimeout(() => res.end('late'), Number(searchParams.get('ms')));
      else count(req, res);
    },
    routeOf: (req) => (req.url ?? '').split('?', 1)[0],
    ready: () => !existsSync(REASON_FILE) || readFileSync(REASON_FILE, 'utf8'),
    upgrade(req, socket, head) {
      sockets.handleUpgrade(req, socket, head, (opened) => {
        opened.on('message', (text) => opened.send(`echo of ${text}`));
      });
    },
    drain() {
      for (const socket of sockets.clients) socket.close(1001);
      for (const stream of streams) stream.end('data: last\n\n');
    },
  };

  /** @param {import('node:http').ServerResponse} res */
  function sendEvents(res) {
    streams.add(res.writeHead(200, { 'Content-Type': 'text/event-stream' }));
    let sent = 0;
    const timer = setInterval(() => res.write(`data: ${++sent}\n\n`), EVENT_EVERY_MS);
    res
      .once('finish', () => clearInterval(timer))
      .once('close', () => {
        clearInterval(timer);
        streams.delete(res);
      });
  }
}

/**
 * Answers with what it received.
 *
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 */
function count(req, res) {
  let bytes = 0;
  req.on('data', (chunk) => {
    bytes += chunk.length;
  });
  req.once('end', () => res.end(JSON.stringify({ bytes, headers: req.headers })));
}
