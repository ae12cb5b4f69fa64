import { register } from 'prom-client';
import { share, takeSlot } from 'prom-multiproc';
import type { ToPrimary } from '../core/ipc.ts';

export interface Sharing {
  /** Takes the slot, tells the primary, and resolves when this worker may serve. */
  open(): Promise<void>;
  /** The primary's word that nobody can share: serve all the same. */
  serveAnyway(): void;
}

/** Shares the metrics of this worker, and tells the primary whether it does. */
export function startSharing(tell: (message: ToPrimary) => void): Sharing {
  const mayServe = Promise.withResolvers<void>();
  let opened = false;

  function sharesIn(slot: number | undefined): void {
    tell({ type: 'shares', slot });
    mayServe.resolve();
  }

  share(register, {
    onFailure(error) {
      if (opened) tell({ type: 'cannot-share', reason: error.message });
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
        tell({ type: 'cannot-share', reason: (error as Error).message });
      }
      opened = true;
      await mayServe.promise;
    },
    serveAnyway: mayServe.resolve,
  };
}
