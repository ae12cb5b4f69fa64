/** A stand-in that is older than the image it stands for says so whenever it is used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/** What is said of the stand-in of an image, when its program says which version it is. */
function said(image: string, version: string): string {
  const libraries = ['../../scripts/lib/say.sh', 'stand-in-lag.sh'].map((name) =>
    join(import.meta.dirname, name),
  );
  const script =
    '. "$1"; . "$2"; docker() { printf "%s\\n" "$version"; }; say_if_behind "$image" stand-in:tag';
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
  ['prom/prometheus:v3.13.2', 'cannot start', 'unknown'],
]) {
  const official = /:v?([\d.]+)/.exec(image!)![1];
  test(`a stand-in of ${image} says that it is ${version}`, () => {
    assert.equal(
      said(image!, found!),
      `warning: stand-in:tag lags: it holds version ${version} from Debian, the official image holds ${official}.\n`,
    );
  });
}

test('a stand-in of the version that the tag names says nothing', () => {
  assert.equal(said('prom/prometheus:v3.13.2', 'prometheus, version 3.13.2+ds (branch: x)'), '');
  assert.equal(said('nginx/nginx-prometheus-exporter:1.5.3', 'nginx_exporter, version 1.5.3-1 (x)'), '');
});

test('an image whose recipe refuses another version is not asked', () => {
  assert.equal(said('node:26-trixie-slim', 'v24.0.0'), '');
  assert.equal(said('nginx:1.30', 'nginx version: nginx/1.22'), '');
});
