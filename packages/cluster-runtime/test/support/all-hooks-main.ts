import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { type App, main } from '../../src/index.ts';

/**
 * An application with every hook: WebSockets that echo, event streams, and `ready()`, which reads the reason from READY_FILE; an empty
 * file is ready, and `hangs` never answers. DRAIN=never makes `drain()` hang, DRAIN=fails makes it throw.
 */
const { READY_FILE, DRAIN } = process.env;

function createApp(): App {
  const sockets = new WebSocketServer({ noServer: true });
  const streams = new Set<ServerResponse>();
  return {
    listener(req, res) {
      if (req.url === '/events') {
        streams.add(res.writeHead(200, { 'Content-Type': 'text/event-stream' }));
        res.once('close', () => streams.delete(res)).write('data: first\n\n');
      } else {
        res.end(`${process.pid} ${req.headers.upgrade ?? ''}`);
      }
    },
    routeOf: (req) => req.url,
    ready() {
      const reason = READY_FILE === undefined ? '' : readFileSync(READY_FILE, 'utf8');
      if (reason === 'hangs') return new Promise(() => {});
      return reason === '' || reason;
    },
    upgrade(req, socket, head) {
      // As while an application looks up who the client is.
      if (req.url === '/late') return;
      sockets.handleUpgrade(req, socket, head, (opened) => {
        opened.on('message', (text) => opened.send(`${process.pid} ${text}`));
      });
    },
    async drain(deadline) {
      process.stdout.write(
        `${JSON.stringify({ msg: 'drain', left_ms: deadline.getTime() - Date.now(), pid: process.pid })}\n`,
      );
      if (DRAIN === 'fails') throw new Error('no way');
      if (DRAIN === 'never') await new Promise(() => {});
      for (const one of sockets.clients) one.close(1001);
      for (const stream of streams) stream.end('data: last\n\n');
    },
  };
}

await main({ createApp });
