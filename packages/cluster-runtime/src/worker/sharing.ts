import { register } from 'prom-client';
import { share, takeSlot } from 'prom-multiproc';
import type { ToPrimary } from '../core/ipc.ts';

export interface Sharing {
  /** Takes the slot, reports it to the primary, and resolves when this worker may serve. */
  open(): Promise<void>;
  /** Lets this worker serve although it cannot share, because no worker can. */
  serveAnyway(): void;
}

/** Shares the metrics of this worker, and reports to the primary whether it can. */
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
