/** What Grafana is given fits together: it starts only where its image can be had, and says nothing of a file it does not find. */
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

/** Every `datasource` in a dashboard, however deep. */
function asked(part: unknown): unknown[] {
  if (part === null || typeof part !== 'object') return [];
  return Object.entries(part).flatMap(([key, value]) => (key === 'datasource' ? [value] : asked(value)));
}

test('the data source is the Prometheus of the compose file, where it listens', () => {
  const [source, ...others] = dataSources();
  assert.deepEqual(others, []);
  const { hostname, port } = new URL(source!.url);
  const { services } = parse(text('docker-compose.yml'));
  // It listens on one of its networks alone: the one it shares with Grafana.
  const [shared] = Object.keys(services[hostname].networks).filter((name) =>
    services.grafana.networks.includes(name),
  );
  const address = `${services[hostname].networks[shared!].aliases[0]}:${port}`;
  assert.ok(services[hostname].command.includes(`--web.listen-address=${address}`), source!.url);
});

test('each panel asks the data source that is there', () => {
  const { uid, type } = dataSources()[0]!;
  for (const name of dashboards) {
    const sources = asked(JSON.parse(text(`grafana/dashboards/${name}`)));
    assert.ok(sources.length > 0, name);
    for (const source of sources) assert.deepEqual(source, { type, uid }, name);
  }
});

test('no two dashboards have one uid, by which Grafana tells them apart', () => {
  const uids = dashboards.map((name) => JSON.parse(text(`grafana/dashboards/${name}`)).uid);
  assert.ok(uids.every((uid) => typeof uid === 'string' && uid !== ''));
  assert.equal(new Set(uids).size, dashboards.length);
});

test('Grafana looks where its image has the files', () => {
  const copied = new Map(
    [...text('grafana/Dockerfile').matchAll(/^COPY \S+ (\S+) (\S+)$/gm)].map(([, from, to]) => [from, to]),
  );
  const ini = text('grafana/grafana.ini');
  const setting = (key: string) => new RegExp(`^${key} = (.*)$`, 'm').exec(ini)?.[1];
  assert.equal(copied.get('grafana.ini'), '/etc/grafana/grafana.ini', 'where it looks without being told');
  assert.equal(setting('provisioning'), copied.get('provisioning'));
  const [{ options }] = parse(text('grafana/provisioning/dashboards/dashboards.yml')).providers;
  assert.equal(options.path, copied.get('dashboards'));
  assert.ok(dashboards.some((name) => setting('default_home_dashboard_path') === `${options.path}/${name}`));
});
