/** Classifies the output of several versions of `docker pull`: registry unreachable, or not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const LIBRARY = join(import.meta.dirname, 'pull.sh');
const call = (call: string, ...args: string[]) =>
  spawnSync('sh', ['-euc', `. "$0"; ${call}`, LIBRARY, ...args], { encoding: 'utf8' });
const isUnreachable = (text: string) => call('means_unreachable "$1"', text).status === 0;

const HUB = 'https://registry-1.docker.io/v2/';
const ping = (reason: string) => `Error response from daemon: Get "${HUB}": ${reason}`;
const head = (reason: string) =>
  `failed to resolve reference "docker.io/library/node:26": failed to do request: Head "${HUB}library/node/manifests/26": ${reason}`;

const UNREACHABLE = [
  'dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: no such host',
  'dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: server misbehaving',
  'dial tcp: lookup registry-1.docker.io: Temporary failure in name resolution',
  'dial tcp: lookup registry-1.docker.io on 192.168.65.7:53: read udp 192.168.65.6:1->192.168.65.7:53: i/o timeout',
  'dial tcp 192.0.2.1:443: connect: connection refused',
  'dial tcp 192.0.2.1:443: connect: no route to host',
  'dial tcp [2001:db8::1]:443: connect: network is unreachable',
  'dial tcp 192.0.2.1:443: connect: permission denied',
  'dial tcp 192.0.2.1:443: i/o timeout',
  'proxyconnect tcp: dial tcp 192.0.2.1:3128: connect: connection refused',
  'net/http: TLS handshake timeout',
  'net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
  'context deadline exceeded',
  'read tcp 192.0.2.2:1->192.0.2.1:443: read: connection reset by peer',
  'EOF',
];

for (const reason of UNREACHABLE) {
  test(`the registry is unreachable: ${reason}`, () => {
    assert.equal(isUnreachable(ping(reason)), true);
    assert.equal(isUnreachable(head(reason)), true);
  });
}

const ANSWERED = [
  'Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating',
  `failed to copy: httpReadSeeker: failed open: unexpected status code ${HUB}library/node/manifests/sha256:0: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit`,
  "Error response from daemon: pull access denied for node, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  'failed to resolve reference "docker.io/library/node:26": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  'Error response from daemon: unauthorized: authentication required',
  `Error response from daemon: Head "${HUB}library/node/manifests/26": no basic auth credentials`,
  'Error response from daemon: manifest for node:26 not found: manifest unknown: manifest unknown',
  'failed to resolve reference "docker.io/library/node:26": docker.io/library/node:26: not found',
  'Error response from daemon: received unexpected HTTP status: 503 Service Unavailable',
  `failed to resolve reference "docker.io/library/node:26": unexpected status from HEAD request to ${HUB}library/node/manifests/26: 502 Bad Gateway`,
  'Error response from daemon: error parsing HTTP 502 response body: invalid character \'u\': "upstream connect error: connection refused"',
  // A proxy or another server answered.
  ping('Forbidden'),
  ping('Proxy Authentication Required'),
  ping('tls: failed to verify certificate: x509: certificate signed by unknown authority'),
  ping('http: server gave HTTP response to HTTPS client'),
  // The registry answered and redirected the engine, for a token or to a storage server.
  'failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token?service=registry.docker.io": dial tcp: lookup auth.docker.io: no such host',
  `Get "${HUB}library/node/blobs/sha256:0": dial tcp 192.0.2.1:443: i/o timeout`,
  '26: Pulling from library/node\n0123456789ab: Pulling fs layer\nerror pulling image configuration: download failed after attempts=6: dial tcp 192.0.2.1:443: i/o timeout',
  `Error response from daemon: Head "${HUB}library/node/manifests/26": read tcp 192.0.2.2:1->192.0.2.1:443: read: connection reset by peer`,
  // The engine is unreachable.
  'error during connect: Post "http://192.0.2.1:2375/v1.45/images/create": dial tcp 192.0.2.1:2375: connect: connection refused',
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  // Unknown output.
  'Error response from daemon: write /var/lib/docker/tmp/GetImageBlob1: no space left on device',
  '',
];

for (const text of ANSWERED) {
  test(`the registry is not unreachable: ${text || 'no output'}`, () => {
    assert.equal(isUnreachable(text), false);
  });
}

for (const [image, registry] of [
  ['nginx:1.30', 'docker.io'],
  ['prom/prometheus:v3.13.2', 'docker.io'],
  ['mirror.example/node:26@sha256:0', 'mirror.example'],
  ['127.0.0.1:5000/node:26', '127.0.0.1:5000'],
  ['localhost/node:26', 'localhost'],
]) {
  test(`${image} comes from ${registry}`, () => {
    assert.equal(call('registry_of "$1"', image!).stdout.trim(), registry);
  });
}
