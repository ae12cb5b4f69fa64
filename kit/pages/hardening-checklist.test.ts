/** Checks that docs/reference/hardening-checklist.md is complete and correct, and that each row names an existing test or a reason. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/reference/hardening-checklist.md');
const TESTS: Record<string, string> = {
  containers: 'kit/specs/hardening-containers.spec.ts',
  images: 'kit/specs/image-contents.spec.ts',
  compose: 'kit/specs/compose-file.spec.ts',
  kubernetes: 'deploy/kubernetes/hardening.test.ts',
  page: 'kit/pages/hardening-checklist.test.ts',
};
const FOLDERS = ['demo-app', 'nginx', 'nginx/exporter', 'prometheus', 'alertmanager', 'grafana', 'caddy'];
const dockerfiles = FOLDERS.map((folder) => [folder, read(`${folder}/Dockerfile`)] as const);

/** The rows of the three tables. */
const contents = tableRows(page.slice(0, page.indexOf('## Kubernetes')), 'Item');
const kubernetes = tableRows(page, 'Field');
const benchmark = tableRows(page.slice(page.indexOf('## CIS')), 'Item');

test('each row names an existing test, or is not covered for a reason', () => {
  const titles = new Map(
    Object.entries(TESTS).map(([name, path]) => [
      name,
      [...read(path).matchAll(/^ *test\(\s*[`'](.*?)[`'],/gm)].map(([, title]) => title!),
    ]),
  );
  for (const [item = '', held = '', tests = ''] of [...contents, ...kubernetes, ...benchmark]) {
    assert.ok(held, item);
    const [, reason] = /\*\*[Nn]ot covered\*\*[^:]*: (.{20,})/.exec(held) ?? [];
    assert.ok(tests !== '' || reason, `${item} has neither a test nor a reason`);
    for (const part of tests.split('; ').filter(Boolean)) {
      const [, spec, names] = /^(\w+): (\*.+\*)$/.exec(part) ?? [];
      assert.ok(spec && titles.has(spec), `${item}: ${part}`);
      for (const [, name] of names!.matchAll(/\*(.+?)\*/g)) {
        assert.ok(
          titles.get(spec)!.some((title) => title.includes(name!)),
          `${item}: there is no test "${name}" in ${TESTS[spec]}`,
        );
      }
    }
  }
});

test('the tables have every item of the benchmark and every control of the profile', () => {
  const numbers = (section: number, last: number) =>
    Array.from({ length: last }, (_, i) => `${section}.${i + 1}`);
  const listed = benchmark.flatMap(([item]) => item!.match(/\b[45]\.\d+\b/g) ?? []);
  assert.deepEqual(listed.sort(), [...numbers(4, 12), ...numbers(5, 32)].sort());
  const controls = [...read('deploy/kubernetes/hardening.test.ts').matchAll(/^ {4}\['(\w+)', /gm)].map(
    ([, name]) => name!,
  );
  assert.ok(controls.length > 15);
  for (const control of controls) {
    const row = kubernetes.find(([field]) => field!.includes(control));
    assert.ok(row, `${control} has no row`);
  }
});

test('every image except that of nginx-exporter has a HEALTHCHECK, and compose overrides none', () => {
  const has = dockerfiles.filter(([, text]) => /^HEALTHCHECK CMD \[/m.test(text)).map(([folder]) => folder);
  assert.deepEqual(has, ['demo-app', 'nginx', 'prometheus', 'alertmanager', 'grafana', 'caddy']);
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { healthcheck?: { test?: unknown; disable?: boolean } }>;
  };
  for (const { healthcheck } of Object.values(services)) {
    assert.deepEqual([healthcheck?.test, healthcheck?.disable], [undefined, undefined]);
  }
});

test('Dockerfiles use COPY, install packages in the step that updates the lists, and verify them', () => {
  for (const [folder, text] of dockerfiles) {
    assert.doesNotMatch(text, /^\s*ADD /im, folder);
    for (const [run] of text.matchAll(/^RUN (.*\\\n)*.*$/gm)) {
      if (/apt-get update/.test(run)) assert.match(run, /apt-get install -y --no-install-recommends/, folder);
      assert.doesNotMatch(run, /allow-unauthenticated|trusted=yes|\b(curl|wget) .*\|/, folder);
      if (/npm (ci|install)/.test(run)) assert.match(run, /npm ci .*--ignore-scripts/, folder);
    }
    assert.match(text, /^USER (?!0|root)\w+/m, folder);
  }
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
  };
  const unverified = Object.entries(packages).filter(
    ([path, { link, integrity }]) =>
      path.includes('node_modules/') && !link && !integrity?.startsWith('sha512-'),
  );
  assert.deepEqual(unverified, []);
});

test('exactly five ports are published, all above 1024', () => {
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { ports?: string[] }>;
  };
  const defaults = Object.values(services).flatMap(({ ports = [] }) =>
    ports.map((port) => Number(/:-(\d+)\}+:\d+(?:\/\w+)?$/.exec(port)?.[1])),
  );
  assert.deepEqual(
    defaults.sort((a, b) => a - b),
    [3000, 8040, 8443, 8443, 9040, 9090],
  );
});

test('no script uses docker exec or docker run as root or with --privileged', () => {
  const files = execFileSync('git', ['ls-files', 'scripts', '.ci', 'demo-app', 'nginx', 'prometheus'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const found = files
    .trim()
    .split('\n')
    .filter((path) => !/\.(png|svg)$/.test(path))
    .flatMap((path) => read(path).split('\n'))
    .filter((line) => /\b(exec|run)\b.*(--privileged|--user[ =](0|root)\b|-u (0|root)\b)/.test(line));
  assert.deepEqual(found, []);
});

test('scripts/test runs an audit of the packages, and base images are pulled again', () => {
  assert.match(read('scripts/test'), /\.ci\/audit/);
  assert.match(read('.ci/base-images'), /pull/);
});
