import type { ToPrimary } from './ipc.ts';

/** Says something to the primary; nothing where it is gone, which ends this worker anyway. */
export function tell(message: ToPrimary): void {
  if (process.connected) process.send?.(message);
}
