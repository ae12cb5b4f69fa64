import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { textOfPage } from '../test/support/protobuf-text.ts';
import { sample } from '../test/support/sample.ts';
import { add, COUNTER, GAUGE, openWriter } from '../test/support/slot-files.ts';
import { type Cleanup, temporaryDirectory } from '../test/support/temporary-directory.ts';

const CLI = join(import.meta.dirname, 'cli.ts');
const COUNTED = 'requests_total{route="/"}';
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  return { status, out: stdout, error: stderr };
}

/** Slot 0 is held by this process, slot 1 is free. */
function twoSlots(t: Cleanup): string {
  const directory = temporaryDirectory(t);
  const writers = [openWriter(directory), openWriter(directory)];
  for (const [i, writer] of writers.entries()) {
    add(writer, COUNTER, '/', i + 1);
    add(writer, GAUGE, '/', 5);
  }
  writers[1]!.close();
  return directory;
}

test('dump prints the totals, or one living worker with --worker', (t) => {
  const directory = twoSlots(t);
  const all = run('dump', directory);
  assert.deepEqual([all.status, all.error], [0, '']);
  assert.equal(sample(all.out, COUNTED), 3);
  assert.equal(sample(all.out, 'in_flight{route="/"}'), 5);
  assert.equal(sample(run('dump', directory, '--worker', '0').out, COUNTED), 1);
  const dead = run('dump', directory, '--worker', '1');
  assert.deepEqual([dead.status, dead.out], [1, '']);
  assert.match(dead.error, /no living worker holds slot 1/);
});

test('check prints the state of each slot and fails if one is unreadable', (t) => {
  const directory = twoSlots(t);
  const sound = run('check', directory);
  assert.equal(sound.status, 0);
  assert.match(
    sound.out,
    new RegExp(
      `^slot 0: 2 series, \\d+ bytes, 0 series refused for lack of room; held by a living process, pid ${process.pid}\nslot 1: 2 series, .*free, counts kept\n$`,
    ),
  );
  writeFileSync(join(directory, 'slot-7.metrics'), 'x'.repeat(5000));
  const damaged = run('check', directory);
  assert.equal(damaged.status, 1);
  assert.match(damaged.out, /^slot 7: .*magic/m);
});

/** Starts `serve` until the test ends and returns its address. */
async function served(t: Cleanup, directory: string): Promise<string> {
  const server = spawn(process.execPath, [CLI, 'serve', directory, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => void server.kill('SIGKILL'));
  const [address] = await once(server.stdout, 'data');
  return String(address).trim();
}

test('serve answers /metrics and /metrics/workers/<slot>, and 404 for other paths and methods', async (t) => {
  const directory = twoSlots(t);
  const url = await served(t, directory);
  const answer = await fetch(url);
  assert.equal(sample(await answer.text(), COUNTED), 3);
  assert.equal((await fetch(`${url}/workers/0`)).status, 200);
  for (const path of ['/workers/1', '/workers/x', '/more']) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }
  assert.equal((await fetch(url, { method: 'POST' })).status, 404);
});

test('serve answers like metricsHandler: gzip and protobuf on request, HEAD without a body, 503 with the reason', async (t) => {
  const directory = twoSlots(t);
  const url = await served(t, directory);
  const zipped = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(zipped.headers.get('content-encoding'), 'gzip');
  const text = await zipped.text();
  assert.equal(sample(text, COUNTED), 3);
  const head = await fetch(url, { method: 'HEAD', headers: { 'Accept-Encoding': 'identity' } });
  assert.deepEqual(
    [head.status, head.headers.get('cache-control'), await head.text()],
    [200, 'no-store', ''],
  );
  assert.ok(Number(head.headers.get('content-length')) > 0);
  for (const path of ['', '/workers/0']) {
    const message = await fetch(url + path, { headers: { Accept: PROTOBUF } });
    const own = sample(textOfPage(await message.bytes()), COUNTED);
    assert.equal(own, path === '' ? 3 : 1);
  }
  rmSync(directory, { recursive: true });
  const gone = await fetch(url);
  assert.equal(gone.status, 503);
  assert.match(await gone.text(), /does not exist/);
});

test('serve prints one line if it cannot listen', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { status, out, error } = run('serve', temporaryDirectory(t), '--port', String(port));
  assert.deepEqual([status, out], [1, '']);
  assert.match(error, /^prom-multiproc: listen EADDRINUSE.*\n$/);
});

test('clear creates the directory, removes slot files, and refuses while a process is alive', (t) => {
  const directory = join(temporaryDirectory(t), 'metrics');
  assert.deepEqual(run('clear', directory), { status: 0, out: `${directory}: created\n`, error: '' });
  const writer = openWriter(directory);
  add(writer, COUNTER, '/', 1);
  const refused = run('clear', directory, '--wait', '0');
  assert.deepEqual([refused.status, refused.out], [1, '']);
  assert.match(
    refused.error,
    /refusing to clear .*: a living process still holds slot-0\.metrics after 0 s: pid \d+; stop it/,
  );
  assert.equal(sample(run('dump', directory).out, COUNTED), 1, 'nothing was removed');
  writer.close();
  assert.equal(run('clear', directory).out, `${directory}: 1 slot file removed\n`);
  assert.deepEqual(readdirSync(directory), []);
  writeFileSync(join(directory, 'notes.txt'), '');
  assert.match(run('clear', directory).error, /it contains "notes\.txt", which is not a slot file/);
});

test('the exit status is 2 for wrong usage and 1 for a directory that cannot be read', (t) => {
  const directory = temporaryDirectory(t);
  for (const args of [
    [],
    ['dump'],
    ['eat', directory],
    ['dump', directory, 'more'],
    ['dump', directory, '--worker', 'x'],
    ['dump', directory, '--worker', '10000'],
    ['serve', directory, '--port', '65536'],
    ['clear', directory, '--wait', '3601'],
    ['dump', directory, '--unknown'],
  ]) {
    const { status, out, error } = run(...args);
    assert.deepEqual([status, out], [2, ''], args.join(' '));
    assert.match(error, /usage: prom-multiproc/);
  }
  for (const command of ['dump', 'check']) {
    const { status, error } = run(command, join(directory, 'nowhere'));
    assert.equal(status, 1);
    assert.match(error, /nowhere does not exist/);
  }
});

test('the command runs by its shebang, as npm links it', (t) => {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const { status, stdout } = spawnSync(CLI, ['dump', twoSlots(t)], {
    encoding: 'utf8',
    env: { ...process.env, PATH },
  });
  assert.equal(status, 0);
  assert.equal(sample(stdout, COUNTED), 3);
});
