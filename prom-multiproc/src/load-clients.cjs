// CommonJS, as both clients are: `require` loads one on demand, and bundlers see both names.

exports.loadPromClient = () => require('prom-client');
exports.loadPrometheusClient = () => require('@prometheus-io/client');
