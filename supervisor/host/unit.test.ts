/** The systemd unit fits the files around it. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const [unit, ...others] = globSync('supervisor/host/*.service', { cwd: ROOT });
assert.ok(unit !== undefined && others.length === 0, 'one unit');

const lines = text(unit)
  .split('\n')
  .filter((line) => /^[A-Z]\w+=/.test(line));
/** Returns the only value of a key. */
function setting(key: string): string {
  const [line, ...more] = lines.filter((each) => each.startsWith(`${key}=`));
  assert.ok(line !== undefined && more.length === 0, `${key} occurs once`);
  return line.slice(key.length + 1);
}

interface Service {
  readonly profiles?: readonly string[];
  readonly mem_limit: string;
  readonly pids_limit: number;
  readonly cpu_quota: string | number;
  readonly cpu_period: number;
  readonly ulimits: { readonly nofile: number; readonly core: number };
}
const { services } = parse(text('docker-compose.yml'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};
const containers = Object.values(services).filter(({ profiles }) => profiles === undefined);
const sum = (of: (service: Service) => number) => containers.reduce((total, each) => total + of(each), 0);
/** The default of `${NAME:-default}`, or the value itself. */
const fallback = (value: string | number) => String(value).replace(/^\$\{\w+:-(.*)\}$/, '$1');
const megabytes = (size: string) => Number.parseInt(size, 10) * (size.endsWith('g') ? 1024 : 1);

test('the unit has the sums of the limits of the containers: memory, processes and processor time', () => {
  assert.equal(setting('MemoryMax'), `${sum(({ mem_limit }) => megabytes(fallback(mem_limit)))}M`);
  assert.equal(setting('MemorySwapMax'), '0');
  assert.equal(
    Number(setting('TasksMax')),
    sum(({ pids_limit }) => pids_limit),
  );
  const processors = sum(({ cpu_quota, cpu_period }) => Number(fallback(cpu_quota)) / cpu_period);
  assert.equal(setting('CPUQuota'), `${Math.round(processors * 100)}%`);
});

test('a process of the unit has the limits of a process of a container: open files and core dumps', () => {
  for (const { ulimits } of containers) {
    assert.equal(Number(setting('LimitNOFILE')), ulimits.nofile);
    assert.equal(Number(setting('LimitCORE')), ulimits.core);
  }
});

test('systemd waits longer for the end of the stack than supervisord for the ends of all programs', () => {
  const waits = globSync('supervisor/{programs,host}/*.conf', { cwd: ROOT }).map((file) =>
    // The default is in https://supervisord.org/configuration.html.
    Number(/^stopwaitsecs=(\d+)$/m.exec(text(file))?.[1] ?? 10),
  );
  assert.equal(waits.length, 4);
  const longest = waits.reduce((total, wait) => total + wait, 0);
  assert.ok(Number(/^(\d+)s$/.exec(setting('TimeoutStopSec'))?.[1]) > longest, `${longest} s`);
});

test('the unit uses the directories that install-host writes to stack.env, and its user', () => {
  const name = /([\w-]+)\.service$/.exec(unit)![1]!;
  const shell = text('scripts/lib/host/unit.sh');
  assert.ok(shell.includes(`\nhost_unit=${name}\nunit_directory=/srv/$host_unit\n`));
  assert.ok(text('scripts/lib/host/directory.sh').includes(`\nhost_user=${setting('User')}\n`));
  const directory = `/srv/${name}`;
  assert.equal(setting('WorkingDirectory'), directory);
  for (const [path] of lines.join('\n').matchAll(/(?<![\w.])\/[^\s]+/g))
    assert.ok(path.startsWith(`${directory}/`) || path === directory, path);
  const stackEnv = text('scripts/lib/host/stack-env.sh');
  assert.deepEqual(setting('RuntimeDirectory').split(' '), [name, `${name}/nginx`]);
  assert.match(stackEnv, /^ {4}run=\/run\/\$1$/m);
  assert.match(stackEnv, /^NGINX_PREFIX="\$run\/nginx"$/m);
  assert.equal(setting('StateDirectory'), `${name}/prometheus`);
  assert.match(stackEnv, /^ {4}data=\/var\/lib\/\$1\/prometheus$/m);
});
