import cluster from 'node:cluster';

/**
 * The role of this process in `node:cluster`; undefined for a process that is not in a cluster. A primary is one from its first
 * fork on, even without workers.
 */
export function clusterRole(): 'worker' | 'primary' | undefined {
  if (cluster.isWorker) return 'worker';
  return cluster.settings.exec === undefined ? undefined : 'primary';
}
