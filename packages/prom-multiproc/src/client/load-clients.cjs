// CommonJS, because `require` loads a client on demand. Each `require` is directly in a `try`, so that bundlers treat the
// client as optional.

/** Returns undefined if the client is not installed. */
exports.loadPromClient = () => {
  try {
    return require('prom-client');
  } catch (error) {
    return unlessMissing(error, 'prom-client');
  }
};

/** Returns undefined if the client is not installed. */
exports.loadPrometheusClient = () => {
  try {
    return require('@prometheus-io/client');
  } catch (error) {
    return unlessMissing(error, '@prometheus-io/client');
  }
};

function unlessMissing(error, name) {
  if (isMissing(error, name)) return;
  // The client is installed but cannot load its own dependencies.
  throw error;
}

function isMissing(error, name) {
  // Yarn Plug'n'Play: the application does not provide this optional peer dependency.
  if (error.pnpCode !== undefined) return error.data?.request === name;
  if (error.code === 'MODULE_NOT_FOUND') return error.message.startsWith(`Cannot find module '${name}'`);
  // ES module bundles of rollup and esbuild: a `require` that the bundler could not resolve.
  return (
    error.message === 'require is not defined' ||
    error.message === `Dynamic require of "${name}" is not supported`
  );
}
