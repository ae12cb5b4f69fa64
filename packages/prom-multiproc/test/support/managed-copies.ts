/** How often each copy of `managed-worker.ts` counts before it says that it is ready. */
export const COUNTED_BY_EACH = 10;
