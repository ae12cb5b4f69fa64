import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { loadLibc } from './libc.ts';

/**
 * Makes the kernel kill this process when its primary ends, if it is a cluster worker. Otherwise a stopped worker would keep its
 * slot locked and block the next start
 * ([PR_SET_PDEATHSIG](https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html)).
 * @throws Error if prctl(2) fails or the C library cannot be loaded.
 */
export function dieWithParent(): void {
  if (!cluster.isWorker || !isMainThread) return;
  loadLibc().dieWithParent();
  // The primary may have ended before the call.
  if (!process.connected) process.exit(1);
}
