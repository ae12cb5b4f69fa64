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
  if (isMissing(error, name)) return;
  // One that is there but lacks what it needs itself is a broken installation.
  throw error;
}

function isMissing(error, name) {
  // Yarn Plug'n'Play: the application does not provide this optional peer.
  if (error.pnpCode !== undefined) return error.data?.request === name;
  if (error.code === 'MODULE_NOT_FOUND') return error.message.startsWith(`Cannot find module '${name}'`);
  // In a bundle of ES modules a `require` that the bundler could not resolve: of rollup, of esbuild.
  return (
    error.message === 'require is not defined' ||
    error.message === `Dynamic require of "${name}" is not supported`
  );
}
