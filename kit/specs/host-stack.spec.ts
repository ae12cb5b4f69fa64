import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '../../e2e/support/host-fixtures.ts';
import type { HostStack } from '../../e2e/support/host-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { getText } from '../test-kit/scrape.ts';
import { environmentOf, limitOf, listening, statusField, writableFilesOf } from './support/host-facts.ts';

const DEADLINE = { deadlineMs: 60_000 };
const TIMEOUT_MS = 5_000;
/** Where programs leave temporary files. */
const SHARED = ['/dev/shm', '/run', '/tmp', '/var/tmp'];

const pidsOf = async (stack: HostStack) => (await stack.processes()).map(({ pid }) => pid);

/** Names of the programs of supervisord that run. */
async function programs(stack: HostStack): Promise<string[]> {
  // Exits with 3 if a program is not in the state RUNNING; the app is in the state STARTING for its first 45 seconds.
  const status = await stack.shell(
    `supervisorctl --configuration ${stack.supervisorConfiguration} status || true`,
  );
  return [...status.matchAll(/^(\S+) +(?:RUNNING|STARTING)/gm)].map(([, name]) => name!);
}

test('nothing but the public port listens beyond loopback', async ({ stack }) => {
  const own = new Set(await pidsOf(stack));
  const sockets = listening().filter(({ pids }) => pids.some((pid) => own.has(pid)));
  const beyond = sockets.filter(({ address }) => address !== '127.0.0.1' && address !== '[::1]');
  console.log(`host: ${sockets.map(({ address, port }) => `${address}:${port}`).join(' ')}`);
  expect(beyond.map(({ address, port }) => `${address}:${port}`)).toEqual([
    `0.0.0.0:${stack.variable('PUBLIC_PORT')}`,
  ]);
  const expected = ['PORT', 'METRICS_PORT', 'METRICS_HOST_PORT', 'PROMETHEUS_PORT', 'NGINX_STATUS_PORT'];
  expect(sockets.map(({ port }) => String(port))).toEqual(
    expect.arrayContaining(expected.map((name) => stack.variable(name))),
  );
});

test('no process runs as root, has a capability or can get one', async ({ stack }) => {
  const { uid, gid } = statSync(stack.variable('RUN_DIRECTORY'));
  expect(uid).not.toBe(0);
  for (const { pid, command } of await stack.processes()) {
    const fields = ['Uid', 'Gid', 'CapEff', 'CapPrm', 'CapInh', 'CapAmb', 'NoNewPrivs'];
    const [uids, gids, ...others] = fields.map((field) => statusField(pid, field));
    expect(uids!.split(/\s+/).map(Number), command).toEqual(Array(4).fill(uid));
    expect(gids!.split(/\s+/).map(Number), command).toEqual(Array(4).fill(gid));
    expect(others, command).toEqual([...Array(4).fill('0000000000000000'), '1']);
  }
});

test('everything is written below one directory', async ({ stack }) => {
  // Shared memory without a file appears as /dev/zero: proc_pid_maps(5).
  const inside = new RegExp(`^(?:${stack.directory}/|/dev/null$|/dev/zero \\(deleted\\)$)`);
  const written = (await pidsOf(stack)).flatMap(writableFilesOf);
  expect(written.length).toBeGreaterThan(10);
  expect(written.filter((path) => !inside.test(path))).toEqual([]);
});

// An ordinary user owns other files too.
if (process.getuid?.() === 0)
  test('the user of the stack owns nothing in directories that every user can write to', async ({
    stack,
  }) => {
    const { uid } = statSync(stack.variable('RUN_DIRECTORY'));
    const paths = SHARED.flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)));
    const owned = paths.filter((path) => lstatSync(path, { throwIfNoEntry: false })?.uid === uid);
    expect(owned).toEqual([]);
  });

test('open files, core dumps and the heap of the app are limited as in containers', async ({ stack }) => {
  for (const { pid, command } of await stack.processes()) {
    expect(limitOf(pid, 'Max open files'), command).toBe('20000');
    expect(limitOf(pid, 'Max core file size'), command).toBe('0');
  }
  const { primary, workers } = await stack.status();
  for (const { pid } of [primary, ...workers]) {
    expect(environmentOf(pid).get('NODE_OPTIONS')?.trim()).toBe('--max-old-space-size=192');
  }
});

test('supervisord starts each program again that is killed, and nothing of the killed one is left', async ({
  stack,
}) => {
  const names = await programs(stack);
  expect(names).toEqual(expect.arrayContaining(['app', 'fatal', 'nginx']));
  const supervisord = await stack.supervisordRun();
  for (const name of names) {
    const killed = await stack.programPid(name);
    await stack.signal('KILL', killed);
    await poll(
      `another process of ${name}`,
      async () => {
        const pid = await stack.programPid(name);
        if (pid === killed || pid === 0) throw new Error(`its pid is ${pid}`);
        return true;
      },
      DEADLINE,
    );
    await stack.settle();
    await poll(
      `no orphan of ${name}`,
      async () => {
        const orphans = await orphansOf(stack);
        if (orphans.length > 0) throw new Error(JSON.stringify(orphans));
        return true;
      },
      DEADLINE,
    );
    console.log(`host: ${name} killed and started again`);
  }
  expect(await stack.supervisordRun()).toBe(supervisord);
  const ready = (port: string, path: string) => () =>
    getText(`http://127.0.0.1:${stack.variable(port)}${path}`, TIMEOUT_MS);
  if (names.includes('prometheus')) await poll('Prometheus', ready('PROMETHEUS_PORT', '/-/ready'), DEADLINE);
  if (names.includes('nginx-exporter'))
    await poll(
      'the exporter of nginx',
      async () =>
        (await ready('NGINX_EXPORTER_PORT', '/metrics')()).includes('nginx_up 1') ? true : undefined,
      DEADLINE,
    );
});

/** Processes whose parent has exited. The parent of run-supervisord is the script that started it, which has exited too. */
async function orphansOf(stack: HostStack) {
  const all = await stack.processes();
  const pids = new Set(all.map(({ pid }) => pid));
  return all.filter(({ pid, parent }) => pid !== stack.session() && !pids.has(parent));
}
