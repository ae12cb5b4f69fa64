// CommonJS, as both clients are: `require` loads one on demand. Each stands in a `try` of its own, by which bundlers see
// that it may be missing.

/** Undefined where it is not installed. */
exports.loadPromClient = () => {
  try {
    return require('prom-client');
  } catch (error) {
    return unlessMissing(error, 'prom-client');
  }
};

/** Undefined where it is not installed. */
exports.loadPrometheusClient = () => {
  try {
    return require('@prometheus-io/client');
  } catch (error) {
    return unlessMissing(error, '@prometheus-io/client');
  }
};

function unlessMissing(error, name) {
  // One that is there but lacks what it needs itself is a broken installation.
  if (error.code === 'MODULE_NOT_FOUND' && error.message.startsWith(`Cannot find module '${name}'`)) return;
  throw error;
}
