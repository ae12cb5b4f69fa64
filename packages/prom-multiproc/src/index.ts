export type { SlotStatus } from './merge/directory-reader.ts';
export { metricsHandler } from './metrics-handler.ts';
export { ownMetrics, ownMetricsAsJSON } from './own-metrics.ts';
export { keepApart } from './process/unshared-metrics.ts';
export { Reader, type ReaderOptions } from './reader.ts';
export { type ShareOptions, share, takeSlot } from './share.ts';
