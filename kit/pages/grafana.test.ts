/** Checks that Grafana's files refer to each other. No test starts Grafana, and it ignores missing files silently. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const dashboards = readdirSync(join(ROOT, 'grafana/dashboards'));

interface DataSource {
  readonly uid: string;
  readonly type: string;
  readonly url: string;
}

function dataSources(): DataSource[] {
  return parse(text('grafana/provisioning/datasources/prometheus.yml')).datasources;
}

/** Returns every `datasource` in a dashboard, at any depth. */
function datasourcesIn(part: unknown): unknown[] {
  if (part === null || typeof part !== 'object') return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === 'datasource' ? [value] : datasourcesIn(value),
  );
}

test('the data source is the address on which Prometheus listens in the compose file', () => {
  const [source, ...others] = dataSources();
  assert.deepEqual(others, []);
  const { hostname, port } = new URL(source!.url);
  const { services } = parse(text('docker-compose.yml'));
  // Prometheus listens only on the network that it shares with Grafana.
  const [shared] = Object.keys(services[hostname].networks).filter((name) =>
    services.grafana.networks.includes(name),
  );
  const address = `${services[hostname].networks[shared!].aliases[0]}:${port}`;
  assert.ok(services[hostname].command.includes(`--web.listen-address=${address}`), source!.url);
});

test('each panel uses the provisioned data source', () => {
  const { uid, type } = dataSources()[0]!;
  for (const name of dashboards) {
    const sources = datasourcesIn(JSON.parse(text(`grafana/dashboards/${name}`)));
    assert.ok(sources.length > 0, name);
    for (const source of sources) assert.deepEqual(source, { type, uid }, name);
  }
});

test('no two dashboards have the same uid', () => {
  const uids = dashboards.map((name) => JSON.parse(text(`grafana/dashboards/${name}`)).uid);
  assert.ok(uids.every((uid) => typeof uid === 'string' && uid !== ''));
  assert.equal(new Set(uids).size, dashboards.length);
});

test('grafana.ini and the provisioning name the paths of the files in the image', () => {
  const copied = new Map(
    [...text('grafana/Dockerfile').matchAll(/^COPY \S+ (\S+) (\S+)$/gm)].map(([, from, to]) => [from, to]),
  );
  const ini = text('grafana/grafana.ini');
  const setting = (key: string) => new RegExp(`^${key} = (.*)$`, 'm').exec(ini)?.[1];
  assert.equal(copied.get('grafana.ini'), '/etc/grafana/grafana.ini', 'the default path');
  assert.equal(setting('provisioning'), copied.get('provisioning'));
  const [{ options }] = parse(text('grafana/provisioning/dashboards/dashboards.yml')).providers;
  assert.equal(options.path, copied.get('dashboards'));
  assert.ok(dashboards.some((name) => setting('default_home_dashboard_path') === `${options.path}/${name}`));
});
