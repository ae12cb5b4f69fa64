import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** How the registry behaves: serves its image, ends each connection, or answers requests for one part with a status. */
export type Behaviour =
  | 'serves'
  | 'resets'
  | 'closes'
  | 'hangs'
  | { readonly status: number; readonly code: string; readonly at?: 'manifest' | 'blob' }
  | { readonly resetsAt: 'manifest' | 'blob' };

const HTML = 'html';
const hash = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An image with one empty layer, unique per label and registry, so that the engine does not have it yet. */
function image(label: string, registry: string) {
  const tar = Buffer.alloc(1024);
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Labels: { is: label, registry } },
      rootfs: { type: 'layers', diff_ids: [hash(tar)] },
      history: [{ created_by: 'fake-registry' }],
    }),
  );
  const type = 'application/vnd.docker';
  const part = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    size: bytes.length,
    digest: hash(bytes),
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${type}.distribution.manifest.v2+json`,
      config: part(`${type}.container.image.v1+json`, config),
      layers: [part(`${type}.image.rootfs.diff.tar.gzip`, layer)],
    }),
  );
  return { manifest, blobs: new Map([config, layer].map((bytes) => [hash(bytes), bytes])) };
}

/** The part of the registry API that a pull needs, on loopback, where the engine accepts HTTP. */
export class FakeRegistry {
  behaviour: Behaviour = 'serves';
  requests = 0;
  readonly host: string;
  #image: ReturnType<typeof image>;
  readonly #close: () => void;

  private constructor(host: string, close: () => void) {
    this.host = host;
    this.#image = image('first', host);
    this.#close = close;
  }

  static async start(): Promise<FakeRegistry> {
    const sockets = new Set<Socket>();
    const http = createServer((request, response) => registry.#answer(request, response));
    const tcp = createTcpServer((socket) => {
      sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
      const { behaviour } = registry;
      if (behaviour === 'resets') socket.once('data', () => socket.resetAndDestroy());
      else if (behaviour === 'closes') socket.once('data', () => socket.end());
      else if (behaviour === 'hangs') socket.resume();
      else http.emit('connection', socket);
      if (typeof behaviour === 'string' && behaviour !== 'serves') registry.requests += 1;
    });
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const registry = new FakeRegistry(`127.0.0.1:${(tcp.address() as AddressInfo).port}`, () => {
      for (const socket of sockets) socket.destroy();
      tcp.close();
    });
    return registry;
  }

  /** Publishes another image under the tag and returns its digest. */
  publish(label: string): string {
    this.#image = image(label, this.host);
    return hash(this.#image.manifest);
  }

  stop(): void {
    this.#close();
  }

  #answer({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    const [, kind, wanted] = /\/(manifests|blobs)\/([^/]+)$/.exec(url) ?? [];
    const stage = kind === undefined ? 'ping' : kind === 'manifests' ? 'manifest' : 'blob';
    response.setHeader('Connection', 'close');
    const { behaviour } = this;
    if (typeof behaviour !== 'string' && 'resetsAt' in behaviour && behaviour.resetsAt === stage) {
      response.socket!.resetAndDestroy();
      return;
    }
    if (typeof behaviour !== 'string' && 'status' in behaviour && (behaviour.at ?? 'manifest') === stage) {
      const { status, code } = behaviour;
      const html = code === HTML;
      response.writeHead(status, { 'Content-Type': html ? 'text/html' : 'application/json' });
      response.end(
        html ? '<html>No.</html>' : JSON.stringify({ errors: [{ code, message: 'as the test wants' }] }),
      );
      return;
    }
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    const { manifest, blobs } = this.#image;
    if (stage === 'ping') response.end('{}');
    else if (stage === 'manifest') {
      response.setHeader('Content-Type', JSON.parse(manifest.toString()).mediaType);
      response.setHeader('Docker-Content-Digest', hash(manifest));
      response.setHeader('Content-Length', manifest.length);
      response.end(method === 'HEAD' ? undefined : manifest);
    } else {
      const blob = blobs.get(wanted!);
      response.writeHead(blob === undefined ? 404 : 200, { 'Content-Length': blob?.length ?? 0 });
      response.end(blob);
    }
  }
}
