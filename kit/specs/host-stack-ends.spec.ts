import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, withStack } from '../../e2e/support/host-fixtures.ts';
import { processesOfSession } from '../../e2e/support/host-processes.ts';
import { HostStack } from '../../e2e/support/host-stack.ts';
import { counted, ping, REQUESTS } from '../../e2e/support/pings.ts';
import { startAlone } from '../../e2e/support/start-lock.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { listening } from './support/host-facts.ts';

const OPTIONS = { sharing: true } as const;
const DEADLINE = { deadlineMs: 60_000 };
const LOG_BYTES = 10 * 1024 * 1024;
const PORTS = ['PUBLIC_PORT', 'METRICS_HOST_PORT', 'PORT', 'METRICS_PORT', 'NGINX_STATUS_PORT'];

/** What is left of a stack after its end. */
function remains(stack: HostStack, session: number): string[] {
  const ports = PORTS.map((name) => Number(stack.variable(name)));
  return [
    ...processesOfSession(session).map(({ pid, command }) => `${command} ${pid}`),
    ...listening().flatMap(({ port }) => (ports.includes(port) ? `port ${port}` : [])),
  ];
}

const supervisordPid = async (stack: HostStack) => Number.parseInt(await stack.supervisordRun(), 10);

async function killSupervisord(stack: HostStack): Promise<void> {
  const pid = await supervisordPid(stack);
  await stack.signal('KILL', pid);
  const exited = async () => ((await stack.processes()).some((one) => one.pid === pid) ? undefined : true);
  await poll('its exit', exited, DEADLINE);
}

test('scripts/down leaves no process and no port, and --volumes no directory', async () => {
  await withStack(HostStack.start(OPTIONS), async (stack) => {
    const session = stack.session();
    expect(remains(stack, session).length).toBeGreaterThan(PORTS.length);
    await stack.script('down');
    expect(remains(stack, session)).toEqual([]);
    await stack.script('down', '--volumes');
    expect(existsSync(stack.directory)).toBe(false);
  });
});

test('after SIGKILL of supervisord, scripts/up --host replaces what is left, and scripts/down ends it', async () => {
  await withStack(HostStack.start(OPTIONS), async (stack) => {
    const first = stack.session();
    await killSupervisord(stack);
    expect(processesOfSession(first).length, 'programs that supervisord left').toBeGreaterThan(0);
    await stack.up();
    expect(processesOfSession(first)).toEqual([]);
    await ping(stack);
    expect(await counted(stack)).toBe(REQUESTS);

    const second = stack.session();
    await killSupervisord(stack);
    await stack.script('down');
    expect(remains(stack, second)).toEqual([]);
  });
});

test('two stacks of two checkouts run side by side, and the end of one does not affect the other', async () => {
  await withStack(HostStack.start(OPTIONS), async (one) => {
    await withStack(HostStack.start(OPTIONS), async (other) => {
      await ping(one);
      await ping(other, 50);
      expect([await counted(one), await counted(other)]).toEqual([REQUESTS, 50]);
      await one.script('down');
      await ping(other, 50);
      expect(await counted(other)).toBe(100);
    });
  });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`scripts/up --host in the foreground ends everything at ${signal} and exits with 0`, async () => {
    const stack = HostStack.prepare(OPTIONS);
    let up: ChildProcess | undefined;
    try {
      up = await startAlone(() => upInForeground(stack));
      const session = stack.session();
      await ping(stack);
      process.kill(signal === 'SIGINT' ? -up.pid! : up.pid!, signal);
      expect(await once(up, 'exit')).toEqual([0, null]);
      expect(remains(stack, session)).toEqual([]);
    } finally {
      up?.kill('SIGKILL');
      stack.down();
    }
  });
}

async function upInForeground(stack: HostStack): Promise<ChildProcess> {
  // A process group of its own, because Ctrl-C reaches the whole group.
  const up = spawn(join(stack.checkout, 'scripts/up'), ['--host'], {
    env: stack.scriptEnvironment,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await printed(up, 'Press Ctrl-C to stop it.');
  return up;
}

async function printed(program: ChildProcess, text: string): Promise<void> {
  for await (const line of createInterface({ input: program.stdout! })) {
    if (line !== text) continue;
    program.stdout!.resume();
    return;
  }
  throw new Error(`the program did not print ${JSON.stringify(text)}`);
}

test('the log of the app is rotated, and three files of 10 MB are kept', async () => {
  await withStack(HostStack.start(OPTIONS), async (stack) => {
    const { primary } = await stack.status();
    const line = `${'x'.repeat(1_023)}\n`;
    // Into the pipe from the app to supervisord.
    for (let sent = 0; sent < 5 * LOG_BYTES; sent += 1024 * 1024)
      writeFileSync(`/proc/${primary.pid}/fd/1`, line.repeat(1_024));
    const directory = stack.variable('LOG_DIRECTORY');
    const logs = () => readdirSync(directory).filter((name) => name.startsWith('app.log'));
    await poll('three files', () => (logs().length === 3 ? true : undefined), DEADLINE);
    await ping(stack);
    expect(logs().sort()).toEqual(['app.log', 'app.log.1', 'app.log.2']);
    for (const name of logs()) expect(statSync(join(directory, name)).size).toBeLessThan(1.01 * LOG_BYTES);
  });
});
