/**
 * The entry point `prom-multiproc`. REFERENCE.md describes each export.
 *
 * - `share` shares a registry, `takeSlot` takes the slot of this process early, `keepApart` marks a registry as private.
 * - `metricsHandler` serves metrics over HTTP, `ownMetrics` and `ownMetricsAsJSON` return the slot of this process only.
 * - `Reader` reads a directory from outside the application, `SlotStatus` is the state of one slot.
 */
export type { SlotStatus } from './merge/directory-reader.ts';
export { metricsHandler } from './metrics-handler.ts';
export { ownMetrics, ownMetricsAsJSON } from './own-metrics.ts';
export { keepApart } from './process/unshared-metrics.ts';
export { Reader, type ReaderOptions } from './reader.ts';
export { type ShareOptions, share, takeSlot } from './share.ts';
