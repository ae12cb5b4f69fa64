/** A stand-in whose version differs from that of the official image causes a warning. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/** Returns the warning for the stand-in of an image whose program prints `version`. */
function warning(image: string, version: string): string {
  const libraries = ['../../scripts/lib/say.sh', 'stand-in-lag.sh'].map((name) =>
    join(import.meta.dirname, name),
  );
  const script =
    '. "$1"; . "$2"; docker() { printf "%s\\n" "$version"; }; warn_if_behind "$image" stand-in:tag';
  const { status, stderr } = spawnSync('sh', ['-euc', script, 'sh', ...libraries], {
    encoding: 'utf8',
    env: { ...process.env, image, version },
  });
  assert.equal(status, 0, stderr);
  return stderr;
}

for (const [image, found, version] of [
  ['prom/prometheus:v3.13.2', 'prometheus, version 3.5.3+ds (branch: debian/sid)', '3.5.3'],
  ['prom/prometheus:v3.13.2@sha256:0', 'prometheus, version 3.5.3+ds (branch: debian/sid)', '3.5.3'],
  ['mirror.example/nginx/nginx-prometheus-exporter:1.5.3', 'nginx_exporter, version 1.4.1-1+b5 (x)', '1.4.1'],
  ['prom/alertmanager:v0.33.1', 'alertmanager, version 0.31.0 (branch: debian/sid)', '0.31.0'],
  ['prom/prometheus:v3.13.2', 'cannot start', 'unknown'],
]) {
  const official = /:v?([\d.]+)/.exec(image!)![1];
  test(`a stand-in of ${image} with version ${version} causes a warning`, () => {
    assert.equal(
      warning(image!, found!),
      `warning: stand-in:tag contains version ${version} from Debian; the official image contains ${official}.\n`,
    );
  });
}

test('a stand-in with the version of the tag causes no warning', () => {
  assert.equal(warning('prom/prometheus:v3.13.2', 'prometheus, version 3.13.2+ds (branch: x)'), '');
  assert.equal(warning('nginx/nginx-prometheus-exporter:1.5.3', 'nginx_exporter, version 1.5.3-1 (x)'), '');
});

test('images whose recipe fails on another version are not checked', () => {
  assert.equal(warning('node:26-trixie-slim', 'v24.0.0'), '');
  assert.equal(warning('nginx:1.30', 'nginx version: nginx/1.22'), '');
});
