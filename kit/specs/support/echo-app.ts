/**
 * Replaces the app behind nginx and answers with the request that reached it.
 * `/seen` lists all requests so far; `/kept` is answered at SIGUSR2; `?ms=` delays the answer; `/break` closes the connection; `/big`
 * is larger than any buffer.
 */
import { createServer, type IncomingMessage } from 'node:http';

const PORT = 8041;
/** More than all buffers between app and client hold. */
const BIG_BYTES = 64 * 1024 * 1024;
const seen: string[] = [];
const released = Promise.withResolvers<void>();

async function bodyBytes(req: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of req) bytes += (chunk as Buffer).length;
  return bytes;
}

const server = createServer((req, res) => {
  const url = new URL(req.url ?? '/', 'http://echo');
  if (url.pathname === '/readyz') {
    res.end('ok');
    return;
  }
  if (url.pathname === '/seen') {
    res.end(JSON.stringify(seen));
    return;
  }
  seen.push(`${req.method} ${req.url}`);
  if (url.pathname === '/break') {
    req.socket.destroy();
    return;
  }
  if (url.pathname === '/big') {
    res.end(Buffer.alloc(BIG_BYTES, 'x'));
    return;
  }
  bodyBytes(req).then(
    (bytes) => {
      const echo = { method: req.method, url: req.url, headers: req.rawHeaders, bodyBytes: bytes };
      const answer = () => res.end(JSON.stringify(echo));
      if (url.pathname === '/kept') void released.promise.then(answer);
      else setTimeout(answer, Number(url.searchParams.get('ms') ?? 0));
    },
    (error: Error) => seen.push(`${req.method} ${req.url} was cut: ${error.message}`),
  );
});
// Longer than nginx keeps idle connections, as in the app, so nginx never uses a connection that closes here.
server.keepAliveTimeout = 65_000;
server.listen(PORT, '0.0.0.0');
process.on('SIGUSR2', () => released.resolve());
process.on('SIGTERM', () => process.exit(0));
