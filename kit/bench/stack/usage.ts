import { getContainerRuntimeClient } from 'testcontainers';

export interface Usage {
  /** Processor time of all processes of the container since its start, in microseconds. */
  readonly cpuMicroseconds: number;
  /** Without the page cache that the kernel can drop. */
  readonly memoryBytes: number;
}

/** Reads the counters of a container's cgroup. */
export async function usageOf(containerId: string): Promise<Usage> {
  const { container } = await getContainerRuntimeClient();
  const stats = await container.dockerode
    .getContainer(containerId)
    .stats({ stream: false, 'one-shot': true });
  const { usage, stats: parts } = stats.memory_stats;
  const details = parts as unknown as Record<string, number | undefined>;
  return {
    cpuMicroseconds: stats.cpu_stats.cpu_usage.total_usage / 1000,
    memoryBytes: usage - (details.inactive_file ?? details.total_inactive_file ?? 0),
  };
}
