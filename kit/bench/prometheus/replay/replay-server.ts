import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { constants, gzipSync } from 'node:zlib';
import { MovingText } from './moving-text.ts';

/** Successive answers of one replica, by path. */
export interface Recording {
  readonly contentType: string;
  readonly paths: Readonly<Record<string, readonly string[]>>;
}

const MOST_REPLICAS = 60_000;

/** Loopback address of a replica, 127.1.0.0 to 127.1.234.95. Linux answers on all of 127.0.0.0/8. */
export function addressOf(replica: number): string {
  if (replica >= MOST_REPLICAS) throw new Error(`${replica} replicas: at most ${MOST_REPLICAS}`);
  return `127.1.${replica >> 8}.${replica & 255}`;
}

/**
 * Serves a recording as `replicas` instances, each on its own loopback address and one common port. Each scrape of a target gets the next
 * text; neighbours start at different places in the recording. Texts are made and compressed once for all targets.
 */
export async function serveReplay(
  recording: Recording,
  replicas: number,
): Promise<{ readonly port: number; close(): void }> {
  const bodies = new Map(
    Object.entries(recording.paths).map(([path, scrapes]) => [path, bodiesOf(scrapes)] as const),
  );
  const phases = Object.values(recording.paths)[0]!.length - 1;
  for (const bodyAt of bodies.values()) bodyAt(phases - 1);
  const steps = new Map<string, number>();

  function answer(req: IncomingMessage, res: ServerResponse): void {
    const bodyAt = bodies.get(req.url!);
    if (bodyAt === undefined) {
      res.writeHead(404).end();
      return;
    }
    const address = req.socket.localAddress!;
    const target = address + req.url;
    const step = steps.get(target) ?? Number(address.slice(address.lastIndexOf('.') + 1)) % phases;
    steps.set(target, step + 1);
    const body = bodyAt(step);
    res.writeHead(200, {
      'Content-Type': recording.contentType,
      'Content-Encoding': 'gzip',
      'Content-Length': body.length,
    });
    res.end(body);
  }

  // One socket for each address: a socket for all addresses would be open to other machines.
  const http = createServer(answer);
  const servers: Server[] = [];
  let port = 0;
  for (let replica = 0; replica < replicas; replica++) {
    const server = createTcpServer((socket) => http.emit('connection', socket));
    servers.push(server);
    await once(server.listen(port, addressOf(replica)), 'listening');
    ({ port } = server.address() as AddressInfo);
  }
  return {
    port,
    close() {
      for (const server of servers) server.close();
      http.close();
      http.closeAllConnections();
    },
  };
}

/** Compressed as the kit does. */
function bodiesOf(scrapes: readonly string[]): (step: number) => Buffer {
  const text = new MovingText(scrapes);
  const made: Buffer[] = [];
  return (step) => {
    for (let i = made.length; i <= step; i++)
      made.push(gzipSync(text.at(i), { level: constants.Z_BEST_SPEED }));
    return made[step]!;
  };
}
