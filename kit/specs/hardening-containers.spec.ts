import { expect, test } from '@playwright/test';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { sendRaw } from '../../packages/cluster-runtime/test/support/raw-http.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { docker } from '../test-kit/docker.ts';
import {
  cgroupLimits,
  HARDENED,
  inspect,
  lostProcesses,
  networksOf,
  type ProcessStatus,
  processStatuses,
} from './support/container-facts.ts';

const MEBI = 1024 * 1024;
const START_TIMEOUT_MS = 15 * 60_000;
const DEADLINE = { deadlineMs: 60_000 };

/** Services whose image has a shell. nginx-exporter's image holds only its program. */
const SERVICES = ['app', 'nginx', 'prometheus'] as const;
type Service = (typeof SERVICES)[number];
const LIMITS: Record<Service, { memory: number; pids: number; processors: number }> = {
  app: { memory: 1024 * MEBI, pids: 256, processors: 2 },
  nginx: { memory: 1024 * MEBI, pids: 32, processors: 1 },
  prometheus: { memory: 512 * MEBI, pids: 128, processors: 1 },
};
/** The writable directory of each container, and its size where it is a tmpfs. */
const WRITABLE: Record<Service, { path: string; bytes?: number }> = {
  app: { path: '/run/app', bytes: 64 * MEBI },
  nginx: { path: '/tmp', bytes: 64 * MEBI },
  prometheus: { path: '/prometheus' },
};
/** kit/specs/networks.spec.ts tests which addresses each network reaches. */
const NETWORKS: Record<Service, readonly string[]> = {
  app: ['backend', 'scrape'],
  nginx: ['backend', 'edge', 'monitoring', 'tls'],
  prometheus: ['monitoring', 'scrape'],
};
const WITH_TMPFS = ['app', 'nginx'] as const;

/** The stack with its default settings: demo controls are off. */
let stack: ComposeStack;

test.beforeAll(async () => {
  test.setTimeout(START_TIMEOUT_MS);
  stack = await ComposeStack.start({
    sharing: true,
    limits: 'shipped',
    overrides: ['kit/specs/fixtures/controls-off.compose.yml'],
  });
});

test.afterAll(() => stack?.down());

const shell = (service: Service, script: string) => stack.exec(service, 'sh', '-c', script);
const portOf = (url: string) => Number(new URL(url).port);
const ask = (port: number, path: string, method = 'GET') =>
  sendRaw(port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);

const MOUNTED: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['volume /prometheus rw'],
  // The configuration of the checkout.
  nginx: ['bind /etc/nginx/pandoras-express ro'],
};

/** Pids of the primary and the workers: unchanged if no process of the app exited. */
async function appPids(): Promise<number[]> {
  const { primary, workers } = await stack.status();
  return [primary.pid, ...workers.map(({ pid }) => pid)].sort((a, b) => a - b);
}

function expectNoPrivilege(status: ProcessStatus): void {
  const who = status.Name;
  for (const field of ['Uid', 'Gid']) {
    expect(status[field]!.split(/\s+/), `${who} ${field}`).not.toContain('0');
  }
  for (const field of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    expect(status[field], `${who} ${field}`).toMatch(/^0+$/);
  }
  expect([status.NoNewPrivs, status.Seccomp], `${who}: no new privileges, seccomp`).toEqual(['1', '2']);
}

for (const service of SERVICES) {
  test(`${service}: no process is root, has a capability or can gain privileges`, async () => {
    const { Config, HostConfig } = await inspect(stack, service);
    expect(Config.User.split(':')[0]).toMatch(/^(?!root$|0$)\w+$/);
    expect(HostConfig.Privileged).toBe(false);
    expect([HostConfig.CapAdd ?? [], HostConfig.CapDrop]).toEqual([[], ['ALL']]);
    expect(HostConfig.SecurityOpt).toEqual(['no-new-privileges:true']);
    // A process that the engine starts, such as a health check, runs as root until it executes its command.
    await poll(
      'no process with privileges',
      async () => {
        const statuses = await processStatuses(stack, service);
        expect(statuses.length).toBeGreaterThan(1);
        statuses.forEach(expectNoPrivilege);
        return true;
      },
      DEADLINE,
    );
  });

  test(`${service}: only one directory is writable`, async () => {
    expect((await inspect(stack, service)).HostConfig.ReadonlyRootfs).toBe(true);
    const list =
      'find / -path /proc -prune -o -type d -print 2>/dev/null | while IFS= read -r d; do if [ -w "$d" ]; then echo "$d"; fi; done';
    const directories = (await shell(service, list)).trim().split('\n');
    const { path } = WRITABLE[service];
    expect(directories).toContain(path);
    // /dev/mqueue holds message queues, bounded by the kernel's own limit, and no files.
    const elsewhere = directories.filter(
      (d) => d !== path && !d.startsWith(`${path}/`) && d !== '/dev/mqueue',
    );
    expect(elsewhere).toEqual([]);
    await expect(shell(service, 'touch /var/tmp/x')).rejects.toThrow(/Read-only file system/);
  });

  test(`${service}: it shares no namespace, device or writable mount with the host or another container`, async () => {
    const { HostConfig, Mounts } = await inspect(stack, service);
    expect(HostConfig.IpcMode).toBe('none');
    expect(HostConfig.PidMode).toBe('');
    expect(await networksOf(stack, service)).toEqual(NETWORKS[service]);
    expect(HostConfig.Devices ?? []).toEqual([]);
    const mounted = Mounts.map(({ Type, Destination, RW }) => `${Type} ${Destination} ${RW ? 'rw' : 'ro'}`);
    expect(mounted).toEqual(MOUNTED[service] ?? []);
  });

  test(`${service}: memory, processes and processors are limited, in the engine and in the kernel`, async () => {
    const { HostConfig } = await inspect(stack, service);
    const limits = LIMITS[service];
    expect({
      memory: HostConfig.Memory,
      memoryAndSwap: HostConfig.MemorySwap,
      pids: HostConfig.PidsLimit,
      processors: HostConfig.CpuQuota / HostConfig.CpuPeriod,
    }).toEqual({ ...limits, memoryAndSwap: limits.memory });
    expect(await cgroupLimits(stack, service)).toEqual(limits);
    for (const limit of ['Max core file size +0 +0 ', 'Max open files +20000 +20000 ']) {
      expect(await shell(service, 'cat /proc/1/limits')).toMatch(new RegExp(limit));
    }
  });

  test(`${service}: a fork bomb stops at the process limit, and requests are answered meanwhile`, async () => {
    const { pids } = LIMITS[service];
    const [before, startedAt] = [await appPids(), await stack.startedAt(service)];
    const bomb = `i=0; while [ $i -lt ${2 * pids} ]; do sleep 5 & i=$((i + 1)); echo $i; done`;
    const error = await shell(service, bomb).then(
      () => undefined,
      (thrown: Error & { stdout: string; stderr: string }) => thrown,
    );
    const meanwhile = await ask(portOf(stack.publicUrl), '/ping');
    expect(error?.stderr, 'the shell could not fork').toMatch(/fork/i);
    const started = error!.stdout.trim().split('\n').length;
    expect(started).toBeGreaterThan(1);
    expect(started).toBeLessThan(pids);
    expect(meanwhile.body).toBe('Pong');
    await poll(
      'no process of the fork bomb',
      async () => ((await lostProcesses(stack, service)) === 0 ? true : undefined),
      DEADLINE,
    );
    expect([await appPids(), await stack.startedAt(service)]).toEqual([before, startedAt]);
  });

  test(`${service}: an orphaned process leaves no zombie`, async () => {
    expect((await inspect(stack, service)).HostConfig.Init).toBe(true);
    await shell(service, '(sleep 0.3 &)');
    await poll(
      'no sleep and no zombie',
      async () => ((await lostProcesses(stack, service)) === 0 ? true : undefined),
      DEADLINE,
    );
  });

  test(`${service}: its environment and its image contain no secret`, async () => {
    const { Config } = await inspect(stack, service);
    const secret = /secret|token|passw|credential|private|api_?key|:\/\/[^/\s]+:[^/\s]+@|BEGIN [A-Z ]*KEY/i;
    expect(Config.Env.filter((line) => secret.test(line))).toEqual([]);
    const history = await docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', Config.Image]);
    expect(history.split('\n').filter((line) => secret.test(line))).toEqual([]);
    const places = '/srv /etc/nginx /etc/prometheus /home /usr/local/etc';
    const keys = await shell(
      service,
      `for d in ${places}; do [ ! -d $d ] || find $d -name '*.pem' -o -name '*.key' -o -name 'id_*sa' -o -name .env -o -name .git -o -name .netrc; done`,
    );
    expect(keys.trim()).toBe('');
    const logins = await shell(
      service,
      `for f in /srv/*/.npmrc /usr/local/etc/npmrc /home/*/.npmrc; do [ ! -e $f ] || grep -iE 'auth|password|_token' $f || true; done`,
    );
    expect(logins.trim()).toBe('');
  });

  test(`${service}: its log is rotated`, async () => {
    const { LogConfig, RestartPolicy } = (await inspect(stack, service)).HostConfig;
    const config =
      service === 'nginx'
        ? { 'max-size': '20m', 'max-file': '10', compress: 'true' }
        : { 'max-size': '10m', 'max-file': '3' };
    expect(LogConfig).toEqual({ Type: 'json-file', Config: config });
    expect(RestartPolicy.Name).toBe('unless-stopped');
  });
}

test('nginx-exporter: the engine reports the same restrictions', async () => {
  expect(await networksOf(stack, 'nginx-exporter')).toEqual(['monitoring']);
  const { Config, HostConfig, Mounts } = await inspect(stack, 'nginx-exporter');
  expect(Config.User).toBe('1001:1001');
  expect(HostConfig).toMatchObject({
    ...HARDENED,
    Memory: 64 * MEBI,
    MemorySwap: 64 * MEBI,
    PidsLimit: 32,
  });
  expect([HostConfig.CapAdd ?? [], HostConfig.Devices ?? [], Mounts]).toEqual([[], [], []]);
  expect(HostConfig.CpuQuota / HostConfig.CpuPeriod).toBe(0.2);
});

for (const service of WITH_TMPFS) {
  test(`${service}: its tmpfs has a size limit, and files on it cannot be executed`, async () => {
    const { path, bytes } = WRITABLE[service];
    const mounts = await shell(service, 'cat /proc/mounts');
    const options = new RegExp(`^\\S+ ${path} tmpfs (\\S+)`, 'm').exec(mounts)?.[1]?.split(',') ?? [];
    for (const option of ['nosuid', 'nodev', 'noexec', `size=${bytes! / 1024}k`]) {
      expect(options).toContain(option);
    }
    const before = await appPids();
    const file = `${path}/written-by-a-test`;
    const run = `cp /bin/true ${file} && chmod 700 ${file} && ${file}`;
    await expect(shell(service, run)).rejects.toThrow(/Permission denied/);
    await expect(
      shell(service, `dd if=/dev/zero of=${file} bs=1M count=${bytes! / MEBI + 1}`),
    ).rejects.toThrow(/No space left on device/);
    expect((await ask(portOf(stack.publicUrl), '/ping')).body).toBe('Pong');
    await shell(service, `rm ${file}`);
    expect(await appPids()).toEqual(before);
  });
}

test('a process that exceeds the memory limit is killed, and no other process', async () => {
  const [before, startedAt] = [await appPids(), await stack.startedAt('app')];
  // Well above the limit, but bounded in case there is no limit.
  const hog = 'const taken = []; while (taken.length < 160) taken.push(Buffer.alloc(16 << 20, 1));';
  await expect(stack.exec('app', 'node', '--eval', hog)).rejects.toMatchObject({ code: 137 });
  expect([await appPids(), await stack.startedAt('app')]).toEqual([before, startedAt]);
});

test('a process whose heap grows exits long before the container is out of memory', async () => {
  const before = await appPids();
  for (const pid of before) {
    expect(await shell('app', `tr '\\0' '\\n' </proc/${pid}/environ`)).toContain('--max-old-space-size=192');
  }
  const leak = 'const kept = []; for (;;) kept.push({ kept: [] });';
  await expect(stack.exec('app', 'node', '--eval', leak)).rejects.toMatchObject({
    code: 134,
    stderr: expect.stringContaining('JavaScript heap out of memory'),
  });
  expect(await appPids()).toEqual(before);
});

test('the demo controls answer 404 unless DEMO_CONTROLS is set', async () => {
  const before = await appPids();
  const controls = [
    'unshared',
    'reload',
    ...['throw', 'abort', 'oom', 'block', 'kill'].map((f) => `faults/${f}`),
  ];
  const statuses: string[] = [];
  for (const control of controls) {
    for (const method of ['GET', 'POST']) {
      const { status } = await ask(portOf(stack.publicUrl), `/demo/${control}`, method);
      statuses.push(`public ${method} ${control} ${status}`);
    }
    statuses.push(
      `metrics GET ${control} ${(await ask(portOf(stack.metricsUrl), `/demo/${control}`)).status}`,
    );
    for (const port of [8041, 9041]) {
      const direct = `fetch('http://127.0.0.1:${port}/demo/${control}').then(({ status }) => console.log(status))`;
      statuses.push(`app:${port} ${control} ${(await stack.exec('app', 'node', '--eval', direct)).trim()}`);
    }
  }
  expect(statuses.filter((line) => !line.endsWith(' 404'))).toEqual([]);
  expect(await appPids(), 'no process exited').toEqual(before);
});

test('Prometheus rejects reload, quit, admin and write requests', async () => {
  const port = portOf(stack.prometheusUrl);
  for (const path of ['/-/reload', '/-/quit', '/api/v1/admin/tsdb/snapshot', '/api/v1/write']) {
    expect((await ask(port, path, 'POST')).status, path).toBeGreaterThanOrEqual(400);
  }
  expect((await ask(port, '/-/ready')).status).toBe(200);
});
