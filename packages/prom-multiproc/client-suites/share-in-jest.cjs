/**
 * Transforms the module of a client that defines its registry: each registry is shared at its first metric. jest loads
 * modules by itself, so that a preload does not reach them; after `jest.resetModules()` there is a new client, and a new
 * library.
 */
const { join } = require('node:path');

const library = join(__dirname, '../dist/index.js');

exports.process = (source) => ({
  code: `${source}
{
  const { registerMetric } = Registry.prototype;
  Registry.prototype.registerMetric = function (metric) {
    registerMetric.call(this, metric);
    if (Array.isArray(metric.labelNames)) require(${JSON.stringify(library)}).share(this, { selfMetrics: false });
  };
}`,
});
