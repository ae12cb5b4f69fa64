import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../../prom-multiproc/test/support/temporary-directory.ts';
import { change, copyOfApp, copyOfRuntime } from './support/app-copy.ts';
import { ports, type RunningApp, runApp } from './support/run-app.ts';
import { allReady, pids, statusOf, statusWhen } from './support/status.ts';

const MAIN = fileURLToPath(new URL('./support/ping-main.ts', import.meta.url));
const OPERATE = fileURLToPath(new URL('../src/ctl.ts', import.meta.url));
/** A worker that has been ready for this time is stable: its exit causes no backoff. */
const STABLE_WITHIN_MS = 1000;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Starts ctl.ts, which scripts/reload and scripts/scale run beside the primary. */
async function begin(
  app: RunningApp,
  ...args: string[]
): Promise<{ pid: number; outcome: Promise<Outcome> }> {
  const { port } = await app.line('metrics server listening');
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const child = execFile(
    process.execPath,
    [OPERATE, ...args],
    { env: { METRICS_PORT: String(port) } },
    (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
  );
  return { pid: child.pid!, outcome };
}

const operate = async (app: RunningApp, ...args: string[]): Promise<Outcome> =>
  (await begin(app, ...args)).outcome;

test('a reload replaces every worker, one at a time, and drains the old one after the new one is ready', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '3', PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  assert.deepEqual(await operate(app, 'reload'), { code: 0, output: 'reloaded: 3 workers\n' });
  const after = await statusOf(metrics);
  assert.ok(allReady(after), JSON.stringify(after));
  assert.equal(after.primary.pid, before.primary.pid);
  assert.deepEqual(
    pids(after).filter((pid) => pids(before).includes(pid)),
    [],
  );
  const reloading = app.lines.findIndex(({ msg }) => msg === 'reloading');
  const steps = app.lines
    .slice(reloading)
    .filter(({ msg }) => ['worker ready', 'worker exited'].includes(msg));
  assert.deepEqual(
    steps.map(({ msg, reason }) => reason ?? msg),
    ['worker ready', 'reload', 'worker ready', 'reload', 'worker ready', 'reload'],
  );
  assert.deepEqual([after.reloading, after.reload], [false, { begun: 1, ended: 1, error: '' }]);
  const text = await (await fetch(`${metrics}/metrics`)).text();
  for (const line of [
    'app_workers{state="ready"} 3',
    'app_workers{state="starting"} 0',
    'app_workers_desired 3',
    'app_worker_starts_total{reason="boot"} 3',
    'app_worker_starts_total{reason="reload"} 3',
    'app_worker_exits_total{reason="reload"} 3',
    'app_reloads_total{result="done"} 1',
    'app_reloads_total{result="failed"} 0',
    'prom_multiproc_workers 3',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});

test('a reload runs the new code from the disk', async (t) => {
  const source = copyOfApp(t);
  const app = runApp(t, join(source, 'main.ts'));
  const { app: url, metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  change(join(source, 'app/routes.ts'), "send('Pong')", "send('Pong of the new code')");
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  assert.equal((await operate(app, 'reload')).code, 0);
  for (let i = 0; i < 4; i++) {
    const answer = await fetch(`${url}/ping`, { headers: { connection: 'close' } });
    assert.equal(await answer.text(), 'Pong of the new code');
  }
});

for (const [what, to, why, env] of [
  ['crashes at its start', "throw new Error('broken');", /exit/, {}],
  ['hangs at its start', 'for (;;);', /start-timeout/, { START_TIMEOUT_MS: '15000' }],
] as const) {
  test(`a reload whose new worker ${what} fails with the reason, and the old workers keep serving`, async (t) => {
    const source = copyOfApp(t);
    const app = runApp(t, join(source, 'main.ts'), {
      PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t),
      ...env,
    });
    const { app: url, metrics } = await ports(app);
    const before = await statusWhen(metrics, allReady);
    change(join(source, 'app/routes.ts'), 'export function', `${to}\nexport function`);
    const { code, output } = await operate(app, 'reload');
    assert.equal(code, 1);
    assert.match(output, /^error: reload failed: the new worker \d+ did not become ready/);
    assert.match(output, why);
    const after = await statusWhen(metrics, allReady);
    assert.deepEqual(pids(after), pids(before));
    assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
    const text = await (await fetch(`${metrics}/metrics`)).text();
    assert.match(text, /^app_reloads_total\{result="failed"\} 1$/m);
    assert.ok(app.lines.some(({ msg }) => msg === 'reload failed; existing workers keep serving'));
  });
}

test('a reload whose new worker cannot share fails with the reason, and the old workers keep serving', async (t) => {
  const directory = temporaryDirectory(t);
  const source = copyOfApp(t);
  const app = runApp(t, join(source, 'main.ts'), { PROMETHEUS_MULTIPROC_DIR: directory });
  const { app: url, metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  // New workers get a directory that does not exist.
  const elsewhere = "process.env.PROMETHEUS_MULTIPROC_DIR = '/no/such/directory';";
  change(join(source, 'main.ts'), 'await main', `${elsewhere}\nawait main`);
  const { code, output } = await operate(app, 'reload');
  assert.equal(code, 1);
  assert.match(output, /cannot share its metrics: .*\/no\/such\/directory/);
  assert.deepEqual(pids(await statusWhen(metrics, allReady)), pids(before));
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  assert.equal((await fetch(`${metrics}/metrics`)).status, 200);

  // A replacement that cannot share is killed too. The start is repeated, and the other worker serves.
  const { time } = await app.line('worker ready', 2);
  await statusWhen(metrics, () => Date.now() - Date.parse(String(time)) > STABLE_WITHIN_MS);
  process.kill(before.workers[0]!.pid, 'SIGKILL');
  await app.line('killing a new worker that cannot share its metrics', 4);
  assert.equal((await fetch(`${metrics}/metrics`)).status, 200);
  assert.equal(await (await fetch(`${url}/ping`)).text(), 'Pong');
  const delays = app.lines.filter(({ reason }) => reason === 'cannot-share').map(({ delay_ms }) => delay_ms);
  assert.deepEqual(delays.slice(0, 3), [undefined, 0, 100], 'the first start belongs to the reload');
});

test('reloads that are requested during a reload run as one reload after it', async (t) => {
  const app = runApp(t, MAIN, { WORKER_TIMEOUT_MS: '0', DRAIN_TIMEOUT_MS: '60000' });
  const { metrics } = await ports(app);
  const { workers } = await statusWhen(metrics, allReady);
  // The first reload waits for this worker until the other reloads are queued.
  process.kill(workers[0]!.pid, 'SIGSTOP');
  app.child.kill('SIGHUP');
  await app.line('reloading');
  const second = operate(app, 'reload');
  await app.line('a reload is running; one more runs after it');
  const third = operate(app, 'reload');
  await app.line('a reload is already queued; this request is part of it');
  process.kill(workers[0]!.pid, 'SIGCONT');
  assert.deepEqual([(await second).code, (await third).code], [0, 0]);
  const { reload, reloading } = await statusWhen(metrics, (s) => !s.reloading);
  assert.deepEqual([reload, reloading], [{ begun: 2, ended: 2, error: '' }, false]);
});

test('a stop during a reload drains the application and exits with 0', async (t) => {
  const app = runApp(t, MAIN, { WORKERS: '3' });
  const { metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  app.child.kill('SIGHUP');
  await app.line('reloading');
  app.child.kill('SIGTERM');
  assert.deepEqual(await app.exit(), { code: 0, signal: null });
  const ended = app.lines.filter(({ msg }) => msg === 'worker exited');
  // SIGTERM may end the worker that was starting, because it does not handle the signal yet.
  assert.ok(ended.every(({ code, signal }) => code === 0 || signal === 'SIGTERM'));
  assert.ok(ended.length >= 3, JSON.stringify(ended));
});

test('workers are added and removed one at a time, down to one worker', async (t) => {
  const app = runApp(t, MAIN, { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) });
  const { metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  assert.deepEqual(await operate(app, 'scale', '4'), { code: 0, output: 'scaled: 2 -> 4 workers\n' });
  const four = await statusOf(metrics);
  assert.deepEqual([four.workersDesired, four.workers.length, allReady(four)], [4, 4, true]);
  assert.deepEqual(four.workers.map(({ slot }) => slot).sort(), [0, 1, 2, 3]);

  assert.equal((await operate(app, 'scale', '1')).code, 0);
  const one = await statusOf(metrics);
  assert.deepEqual([one.workersDesired, one.workers.length, allReady(one)], [1, 1, true]);
  app.child.kill('SIGTTOU');
  const after = await statusWhen(metrics, ({ scale }) => scale.ended > one.scale.ended);
  assert.deepEqual([after.workersDesired, after.scale.error], [1, 'cannot scale below 1 worker']);

  for (const wrong of [
    ['scale', '0'],
    ['scale'],
    ['scale', 'two'],
    ['scale', '2', '3'],
    ['reload', '1'],
    [],
  ]) {
    const { code, output } = await operate(app, ...wrong);
    assert.equal(code, 1, wrong.join(' '));
    assert.match(output, /^error: unknown command: .*\nusage: /);
  }
});

/** Starts `scale 4` with one worker, and stops the command with SIGSTOP after its first step has begun. */
async function haltedScale(t: TestContext) {
  const app = runApp(t, MAIN, { WORKERS: '1' });
  const { metrics } = await ports(app);
  await statusWhen(metrics, allReady);
  const scaling = await begin(app, 'scale', '4');
  await statusWhen(metrics, ({ scale }) => scale.begun > 0);
  process.kill(scaling.pid, 'SIGSTOP');
  return { app, metrics, scaling };
}

test('a second scale at the same time fails with the reason, and the first one finishes', async (t) => {
  const { app, scaling: first } = await haltedScale(t);
  const second = await operate(app, 'scale', '1');
  process.kill(first.pid, 'SIGCONT');
  const why = 'error: another scale is running; try again when it has finished\n';
  assert.deepEqual(second, { code: 1, output: why });
  assert.deepEqual(await first.outcome, { code: 0, output: 'scaled: 1 -> 4 workers\n' });
  assert.equal((await operate(app, 'scale', '3')).code, 0, 'a scale after it');
});

test('a scale fails with the reason if another process changes the number of workers', async (t) => {
  const { app, metrics, scaling } = await haltedScale(t);
  app.child.kill('SIGTTOU');
  await statusWhen(metrics, ({ scale }) => scale.ended > 1 && scale.ended === scale.begun);
  process.kill(scaling.pid, 'SIGCONT');
  const { code, output } = await scaling.outcome;
  assert.equal(code, 1);
  assert.match(output, /^error: stopped at \d workers: another process/);
});

test('without a running application the error names the address', async (t) => {
  const app = runApp(t, MAIN);
  await app.line('metrics server listening');
  app.child.kill('SIGKILL');
  await app.exit();
  const { code, output } = await operate(app, 'reload');
  assert.equal(code, 1);
  assert.match(
    output,
    /^error: the primary does not answer at \S+\/status: is the application running\? \(.*ECONNREFUSED/,
  );
});

test('a scale whose new worker cannot start fails with the reason and keeps the number of workers', async (t) => {
  const source = copyOfApp(t);
  const app = runApp(t, join(source, 'main.ts'), { WORKERS: '1' });
  const { metrics } = await ports(app);
  const before = await statusWhen(metrics, allReady);
  change(join(source, 'app/routes.ts'), 'export function', "throw new Error('broken');\nexport function");
  const { code, output } = await operate(app, 'scale', '3');
  assert.equal(code, 1);
  assert.match(output, /^error: stopped at 1 workers: the new worker \d+ did not become ready/);
  const after = await statusWhen(metrics, allReady);
  assert.deepEqual([pids(after), after.workersDesired], [pids(before), 1]);
});

test('signals for an operation do not end a primary that is still starting', async (t) => {
  const { sources, main } = copyOfRuntime(t);
  const goOn = join(sources, 'go-on');
  const waiting = `console.log('{"msg":"loading"}');
while (!(await import('node:fs')).existsSync(${JSON.stringify(goOn)})) await new Promise((done) => setTimeout(done, 20));
`;
  change(join(sources, 'primary/primary.ts'), 'import cluster', `${waiting}import cluster`);
  const app = runApp(t, main);
  await app.line('loading');
  for (const signal of ['SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const) app.child.kill(signal);
  writeFileSync(goOn, '');
  const { metrics } = await ports(app);
  await statusWhen(metrics, allReady);
});
