/** Number of counts that each copy of `managed-worker.ts` makes before it reports ready. */
export const COUNTS_PER_COPY = 10;
