import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TargetGroup } from '../../../../packages/cluster-runtime/src/core/target-group.ts';
import { addressOf } from '../replay/replay-server.ts';

const KIT = resolve(import.meta.dirname, '../../../../prometheus');
const JOBS = resolve(import.meta.dirname, '../jobs.yml');

/** Writes the kit's configuration and rules, with another job, to a directory. */
export function writeConfiguration(directory: string, targets: readonly TargetGroup[]): void {
  mkdirSync(join(directory, 'scrape'), { recursive: true });
  copyFileSync(join(KIT, 'prometheus.yml'), join(directory, 'prometheus.yml'));
  symlinkSync(join(KIT, 'rules'), join(directory, 'rules'));
  copyFileSync(JOBS, join(directory, 'scrape/jobs.yml'));
  writeFileSync(join(directory, 'scrape/targets.json'), JSON.stringify(targets));
}

/** One target for each replica and path. The label `worker` is that of `/targets`, the service discovery of the kit's metrics port. */
export function targetGroups(replicas: number, port: number, paths: readonly string[]): TargetGroup[] {
  const targets = Array.from({ length: replicas }, (_, replica) => `${addressOf(replica)}:${port}`);
  return paths.map((path) => {
    const worker = /\/workers\/(\d+)$/.exec(path)?.[1];
    return { targets, labels: { __metrics_path__: path, ...(worker === undefined ? {} : { worker }) } };
  });
}
