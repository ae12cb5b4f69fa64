import type { Server } from 'node:http';
import { createServer } from '../core/node-http.ts';
import type { ReplicaList } from './replica-list.ts';

/**
 * Serves the list at `/targets` for Prometheus' HTTP service discovery. `/readyz` answers 200 once the list is known, 503 before: a
 * Prometheus that gets an error keeps the targets that it has.
 */
export function createReplicaServer(list: ReplicaList): Server {
  return createServer((req, res) => {
    const body = bodyOf(req.url, list);
    res.writeHead(body.status, { 'Content-Type': body.type, 'Content-Length': Buffer.byteLength(body.text) });
    res.end(req.method === 'HEAD' ? undefined : body.text);
  });
}

interface Body {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const plain = (status: number, text: string): Body => ({ status, type: 'text/plain; charset=utf-8', text });

function bodyOf(path: string | undefined, list: ReplicaList): Body {
  if (path !== '/targets' && path !== '/readyz') return plain(404, 'Not found\n');
  try {
    const text = `${JSON.stringify(list.targets())}\n`;
    return path === '/readyz' ? plain(200, 'ok\n') : { status: 200, type: 'application/json', text };
  } catch (error) {
    return plain(503, `Unavailable: ${(error as Error).message}\n`);
  }
}
