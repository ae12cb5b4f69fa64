/** Checks the files of editors against what scripts/dev does. The dev container itself was never run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const INSPECTOR = 9229;

test('each launch configuration attaches to the inspector of scripts/dev, again after each reload', () => {
  const { configurations } = JSON.parse(text('.vscode/launch.json'));
  assert.equal(configurations.length, 2);
  for (const configuration of configurations) {
    assert.equal(configuration.request, 'attach');
    assert.equal(configuration.address, '127.0.0.1');
    assert.equal(configuration.port, INSPECTOR);
    assert.equal(configuration.restart, true);
  }
  const { services } = parse(text('scripts/lib/dev/inspect.compose.yml'));
  assert.deepEqual(services.app.ports, [`127.0.0.1:\${INSPECT_PORT:-${INSPECTOR}}:${INSPECTOR}`]);
});

test('the launch configuration for containers maps the sources to where scripts/dev mounts them', () => {
  const [inContainers] = JSON.parse(text('.vscode/launch.json')).configurations;
  const { services } = parse(text('scripts/lib/dev/dev.compose.yml'));
  const [mount] = services.app.volumes;
  assert.equal(mount.target, `${inContainers.remoteRoot}/demo-app/src`);
  assert.equal(mount.source, './demo-app/src');
  assert.equal(inContainers.localRoot, `\${workspaceFolder}`);
});

test('the dev container installs the packages, has Docker, and forwards the ports that scripts/dev prints', () => {
  const container = JSON.parse(text('.devcontainer/devcontainer.json'));
  assert.equal(container.postCreateCommand, 'npm ci');
  assert.ok(Object.keys(container.features).some((name) => name.includes('/docker-in-docker:')));
  assert.deepEqual(container.forwardPorts, [8040, 9040, 9090, INSPECTOR]);
  const [, major] = /:(\d+)$/.exec(container.image) ?? [];
  assert.ok(Number(major) >= 24, container.image);
});
