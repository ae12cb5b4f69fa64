import type { ComposeStack, Service } from '../../../e2e/support/compose-stack.ts';
import { docker } from '../../test-kit/docker.ts';

/** The fields of `docker inspect` that the tests read. */
export interface Inspected {
  readonly Config: { User: string; Env: string[]; Image: string };
  readonly HostConfig: {
    Privileged: boolean;
    ReadonlyRootfs: boolean;
    Init: boolean | null;
    IpcMode: string;
    PidMode: string;
    CapAdd: string[] | null;
    CapDrop: string[] | null;
    SecurityOpt: string[] | null;
    Memory: number;
    MemorySwap: number;
    PidsLimit: number | null;
    CpuPeriod: number;
    CpuQuota: number;
    Devices: unknown[] | null;
    RestartPolicy: { Name: string };
    LogConfig: { Type: string; Config: Record<string, string> };
  };
  readonly Mounts: { Type: string; Source: string; Destination: string; RW: boolean }[];
  readonly NetworkSettings: {
    Networks: Record<string, { IPAddress: string }>;
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
  readonly State: { StartedAt: string; Status: string };
}

/** What `docker inspect` shows in HostConfig of a service with `x-hardened` of docker-compose.yml. */
export const HARDENED = {
  Privileged: false,
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges:true'],
  ReadonlyRootfs: true,
  Init: true,
  IpcMode: 'none',
  PidMode: '',
  RestartPolicy: { Name: 'unless-stopped' },
  LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
};

export async function inspect(stack: ComposeStack, service: string): Promise<Inspected> {
  const [inspected] = JSON.parse(await docker(['inspect', await stack.containerId(service)])) as [Inspected];
  return inspected;
}

/** The container's networks, by their names in docker-compose.yml, except `egress`, which a user of the template may add. */
export async function networksOf(stack: ComposeStack, service: string): Promise<string[]> {
  const { NetworkSettings } = await inspect(stack, service);
  return Object.keys(NetworkSettings.Networks)
    .map((name) => name.replace(`${stack.project}_`, ''))
    .filter((name) => name !== 'egress')
    .sort();
}

export type ProcessStatus = Readonly<Record<string, string>>;

/** The fields of /proc/PID/status of every process in the container: proc(5). */
export async function processStatuses(stack: ComposeStack, service: Service): Promise<ProcessStatus[]> {
  // A process may exit between the listing and the read.
  const read = 'for f in /proc/[0-9]*/status; do echo; cat "$f" 2>/dev/null || true; done';
  return (await stack.exec(service, 'sh', '-c', read))
    .split('\n\n')
    .filter((text) => text.trim() !== '')
    .map((text) =>
      Object.fromEntries([...text.matchAll(/^(\w+):\s+(.*)$/gm)].map(([, field, value]) => [field!, value!])),
    );
}

/** Number of zombies and of orphaned `sleep` processes. run-nginx has a `sleep` of its own. */
export async function lostProcesses(stack: ComposeStack, service: Service): Promise<number> {
  const statuses = await processStatuses(stack, service);
  const isOrphan = ({ Name, PPid }: ProcessStatus) => Name === 'sleep' && PPid === '1';
  return statuses.filter((status) => isOrphan(status) || status.State?.startsWith('Z')).length;
}

export interface CgroupLimits {
  readonly memory: number;
  readonly pids: number;
  readonly processors: number;
}

/** Reads the limits from the kernel inside the container; the files depend on the version of cgroups: cgroups(7). */
export async function cgroupLimits(stack: ComposeStack, service: Service): Promise<CgroupLimits> {
  const read =
    'cd /sys/fs/cgroup; if [ -e memory.max ]; then cat memory.max pids.max cpu.max; ' +
    'else cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us; fi';
  const [memory, pids, quota, period] = (await stack.exec(service, 'sh', '-c', read)).trim().split(/\s+/);
  return { memory: Number(memory), pids: Number(pids), processors: Number(quota) / Number(period) };
}
