import type { ClientMetric } from '../client/client-internals.ts';
import { showPlainValues } from '../client/plain-values.ts';
import type { MetricRegistry } from './defined-metric.ts';
import { distinguishLabels } from './exact-labels.ts';
import { installFastPath } from './fast-path.ts';
import { forgetInherited } from './forget-inherited.ts';
import { installGaugeFastPath, isPlainGauge } from './gauge-fast-path.ts';
import type { CellSource } from './metric-cells.ts';
import { SharedMetric } from './shared-metric.ts';

/** Makes all methods of a prom-client metric count in cells of `source`. */
export function captureMetric(
  client: ClientMetric,
  registry: MetricRegistry,
  source: CellSource,
): SharedMetric {
  const metric = new SharedMetric(client, source, registry);
  const isGauge = isPlainGauge(client);
  installFastPath(metric);
  distinguishLabels(metric);
  if (isGauge) installGaugeFastPath(metric);
  forgetInherited(metric);
  showPlainValues(client);
  return metric;
}
