import { register } from 'prom-client';
import { share, takeSlot } from 'prom-multiproc';
import type { ToPrimary } from '../core/ipc.ts';

export interface Sharing {
  /** Takes a slot, reports the result to the primary, and resolves when this worker may serve. */
  open(): Promise<void>;
  /** Lets this worker serve without sharing, because no worker can share. */
  serveAnyway(): void;
}

/** Shares the metrics of this worker. Reports to the primary whether it can, also when that changes later. */
export function startSharing(report: (message: ToPrimary) => void): Sharing {
  const mayServe = Promise.withResolvers<void>();
  let opened = false;

  function sharesIn(slot: number | undefined): void {
    report({ type: 'shares', slot });
    mayServe.resolve();
  }

  share(register, {
    onFailure(error) {
      if (opened) report({ type: 'cannot-share', reason: error.message });
    },
    onRecovered() {
      if (opened) sharesIn(takeSlot());
    },
  });

  return {
    async open() {
      try {
        sharesIn(takeSlot());
      } catch (error) {
        report({ type: 'cannot-share', reason: (error as Error).message });
      }
      opened = true;
      await mayServe.promise;
    },
    serveAnyway: mayServe.resolve,
  };
}
