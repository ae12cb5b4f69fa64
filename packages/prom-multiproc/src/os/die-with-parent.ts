import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { loadLibc } from './libc.ts';

/**
 * Has a cluster worker end with its primary, however that ends: a stopped orphan would keep its lock, and with it every
 * restart waiting.
 * @throws Error where the kernel cannot be asked for it.
 */
export function dieWithParent(): void {
  if (!cluster.isWorker || !isMainThread) return;
  loadLibc().dieWithParent();
  // The parent may have died before it was asked for.
  if (!process.connected) process.exit(1);
}
