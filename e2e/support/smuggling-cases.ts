/** Request-smuggling cases: requests to the public port that try to reach the metrics port. Each is sent byte for byte. */
export interface SmugglingCase {
  readonly name: string;
  readonly request: string;
}

const PRIVATE_PATHS = ['/metrics', '/status', '/demo/unshared', '/targets', '/stub_status'];

const PATHS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => path.toUpperCase(),
  (path) => path[0] + path[1]!.toUpperCase() + path.slice(2),
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => `${path}.`,
  (path) => `${path}%20`,
  (path) => `${path}%09`,
  (path) => `${path}%00`,
  (path) => `${path}%00.html`,
  (path) => `${path}%0a`,
  (path) => `${path}%0d%0aHost:%20localhost:9040`,
  (path) => `${path};`,
  (path) => `${path};x=1`,
  (path) => `${path}.json`,
  (path) => `${path}?`,
  (path) => `${path}?x=/ping`,
  (path) => `${path}#`,
  (path) => `${path}%23`,
  (path) => `${path}%3f`,
  (path) => `/${path}`,
  (path) => `//${path}`,
  (path) => `/.${path}`,
  (path) => `/./.${path}`,
  (path) => `/..${path}`,
  (path) => `/../..${path}`,
  (path) => `/..;${path}`,
  (path) => `/;${path}`,
  (path) => `/%2e${path}`,
  (path) => `/%2e%2e${path}`,
  (path) => `/%2e%2e%2f${path.slice(1)}`,
  (path) => `/%252e%252e${path}`,
  (path) => `/%c0%ae%c0%ae${path}`,
  (path) => `/ping/..${path}`,
  (path) => `/ping/%2e%2e${path}`,
  (path) => `/ping/..%2f${path.slice(1)}`,
  (path) => `/ping/..;${path}`,
  (path) => `/ping;/..${path}`,
  (path) => `/ping%2f..${path}`,
  (path) => `/ping\\..${path.replaceAll('/', '\\')}`,
  (path) => `/ping/..%5c${path.slice(1)}`,
  (path) => `/ping?/..${path}`,
  (path) => `/ping${path}`,
  (path) => `/static${path}`,
  (path) => `/index.html/..${path}`,
  (path) => `/\\${path.slice(1)}`,
  (path) => `\\${path.slice(1)}`,
  (path) => `/%2f${path.slice(1)}`,
  (path) => `/%5c${path.slice(1)}`,
  (path) => path.slice(1),
  (path) => `/${encodeFirst(path)}`,
  (path) => `/${encodeAll(path)}`,
  (path) => `/${encodeAll(path).toUpperCase().replaceAll('%', '%25')}`,
  (path) => `/${encodeFirst(path).replace('%', '%25')}`,
  (path) => `/${encodeFirst(path).replace('%', '%2525')}`,
  (path) => `/%u006d${path.slice(2)}`,
  (path) => `/${'x'.repeat(4_000)}/..${path}`,
  (path) => `/${'./'.repeat(1_000)}${path.slice(1)}`,
  (path) => `/${'/'.repeat(2_000)}${path.slice(1)}`,
  (path) => `/${'a'.repeat(20_000)}${path}`,
  (path) => `http://localhost:9040${path}`,
  (path) => `http://app:9041${path}`,
  (path) => `http://127.0.0.1:9041${path}`,
  (path) => `http://nginx:9040${path}`,
  (path) => `HTTP://user@app:9041${path}`,
  (path) => `//app:9041${path}`,
  (path) => `/app:9041${path}`,
  (path) => `/http://app:9041${path}`,
];

const METHODS = [
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
  'get',
  'FROB',
];

const HOSTS = [
  'localhost:9040',
  '127.0.0.1:9040',
  'nginx:9040',
  'app:9041',
  '127.0.0.1:9041',
  'app',
  'metrics',
  '_',
  '',
];

const HEADERS = [
  'X-Original-URL: $',
  'X-Rewrite-URL: $',
  'X-Original-URI: $',
  'X-Accel-Redirect: $',
  'X-Forwarded-Host: app:9041',
  'X-Forwarded-Port: 9040',
  'X-Forwarded-Port: 9041',
  'X-Forwarded-Prefix: $',
  'X-Forwarded-For: 127.0.0.1',
  'X-Real-IP: 127.0.0.1',
  'X-HTTP-Method-Override: GET',
  'Forwarded: for=127.0.0.1;host="app:9041"',
  'Upgrade: websocket\r\nConnection: Upgrade',
  'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings',
];

const END = 'Connection: close\r\n\r\n';

export function smugglingCases(): SmugglingCase[] {
  return PRIVATE_PATHS.flatMap((path) => [
    ...PATHS.map((shape) => get(shape(path))),
    ...METHODS.map((method) =>
      requestCase(`${method} ${path}`, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`),
    ),
    ...HOSTS.map((host) =>
      requestCase(`Host ${host || '(empty)'} ${path}`, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`),
    ),
    ...HEADERS.flatMap((header) => {
      const line = header.replace('$', path);
      const name = JSON.stringify(line);
      const close = /^Connection:/m.test(line) ? '\r\n' : END;
      return ['/ping', path].map((target) => ({
        name: `${name} on ${target}`,
        request: `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${line}\r\n${close}`,
      }));
    }),
    { name: `HTTP/1.0 without Host ${path}`, request: `GET ${path} HTTP/1.0\r\n\r\n` },
    { name: `HTTP/0.9 ${path}`, request: `GET ${path}\r\n` },
    requestCase(`two Hosts ${path}`, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nHost: app:9041\r\n`),
    { name: `space before Host ${path}`, request: `GET ${path} HTTP/1.1\r\n Host: app:9041\r\n${END}` },
    { name: `two spaces ${path}`, request: `GET  ${path}  HTTP/1.1\r\nHost: localhost\r\n${END}` },
    { name: `null byte ${path}`, request: `GET ${path}\0 HTTP/1.1\r\nHost: localhost\r\n${END}` },
    { name: `tab ${path}`, request: `GET\t${path}\tHTTP/1.1\r\nHost: localhost\r\n${END}` },
    {
      name: `pipelined ${path}`,
      request: `GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n${get(path).request}`,
    },
    ...smuggled(path),
    ...connects(path),
    { name: `HTTP/2 preface ${path}`, request: `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${get(path).request}` },
  ]);
}

function get(target: string): SmugglingCase {
  return requestCase(`GET ${target.slice(0, 80)}`, `GET ${target} HTTP/1.1\r\nHost: localhost\r\n`);
}

function requestCase(name: string, head: string): SmugglingCase {
  return { name, request: head + END };
}

/** A request inside the body of another: nginx and the app must agree where the body ends. See RFC 9112, section 11.2. */
function smuggled(path: string): SmugglingCase[] {
  const hidden = `GET ${path} HTTP/1.1\r\nHost: app:9041\r\n\r\n`;
  const post = 'POST /ping HTTP/1.1\r\nHost: localhost\r\n';
  return [
    {
      name: `chunked and a length ${path}`,
      request: `${post}Transfer-Encoding: chunked\r\nContent-Length: ${hidden.length + 5}\r\n\r\n0\r\n\r\n${hidden}`,
    },
    {
      name: `chunked twice ${path}`,
      request: `${post}Transfer-Encoding: xchunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    },
    { name: `no body announced ${path}`, request: `${post}Content-Length: 0\r\n\r\n${hidden}` },
  ];
}

function connects(path: string): SmugglingCase[] {
  return ['app:9041', 'localhost:9040', '127.0.0.1:9041'].map((target) => ({
    name: `CONNECT ${target} ${path}`,
    request: `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${get(path).request}`,
  }));
}

function encodeFirst(path: string): string {
  return hex(path[1]!) + path.slice(2);
}

function encodeAll(path: string): string {
  return [...path.slice(1)].map(hex).join('');
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}
