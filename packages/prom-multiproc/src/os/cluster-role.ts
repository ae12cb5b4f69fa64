import cluster from 'node:cluster';

/**
 * What this process is among several, so far as `node:cluster` knows; undefined where it knows of no others. A primary stays
 * one from its first fork on, also while it has no worker.
 */
export function clusterRole(): 'worker' | 'primary' | undefined {
  if (cluster.isWorker) return 'worker';
  return cluster.settings.exec === undefined ? undefined : 'primary';
}
