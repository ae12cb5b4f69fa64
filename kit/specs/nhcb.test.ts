/**
 * Checks that nhcb/configuration (native histograms with custom buckets) enables native histograms for each Prometheus version. One
 * line of the configuration depends on the version.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

/** Runs nhcb/configuration with a `prometheus` that prints `versionText`. */
function configuration(versionText: string) {
  const directory = temporaryDirectory(thisProcess);
  writeFileSync(join(directory, 'prometheus'), `#!/bin/sh\necho '${versionText}'\n`, { mode: 0o755 });
  return spawnSync(join(import.meta.dirname, 'nhcb/configuration'), {
    encoding: 'utf8',
    env: { PATH: `${directory}:${process.env.PATH}` },
  });
}
const of = (version: string) => configuration(`prometheus, version ${version}+ds (branch: x)`).stdout;
const key = (version: string) => parse(of(version)).global.scrape_native_histograms;

for (const version of ['3.8.0', '3.9.1', '3.10.0', '3.13.2', '4.0.0']) {
  test(`Prometheus ${version} gets the key that enables native histograms`, () => {
    assert.equal(key(version), true);
  });
}

for (const version of ['2.55.1', '3.0.0', '3.5.3', '3.7.3']) {
  test(`Prometheus ${version}, which rejects the key, does not get it`, () => {
    assert.equal(key(version), undefined);
  });
}

test('the configurations of two versions differ in one line', () => {
  const [old, current] = [of('3.5.3').split('\n'), of('3.13.2').split('\n')];
  assert.equal(old.length, current.length);
  assert.equal(old.filter((line, i) => line !== current[i]).length, 1);
});

test('a Prometheus that prints no version is an error', () => {
  const { status, stderr } = configuration('cannot start');
  assert.equal(status, 1);
  assert.match(stderr, /prints no version/);
});
