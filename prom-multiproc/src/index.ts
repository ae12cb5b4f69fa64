export type { SlotStatus } from './directory-reader.ts';
export { metricsHandler } from './metrics-handler.ts';
export { ownMetrics, ownMetricsAsJSON } from './own-metrics.ts';
export { Reader, type ReaderOptions } from './reader.ts';
export { type ShareOptions, share, takeSlot } from './share.ts';
export { keepApart } from './unshared-metrics.ts';
