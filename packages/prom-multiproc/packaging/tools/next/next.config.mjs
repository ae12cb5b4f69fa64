import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export default {
  output: 'standalone',
  outputFileTracingRoot: root,
  turbopack: { root },
  // The line of docs/guides/install.md; EXTERNAL=no tests the error without it.
  ...(process.env.EXTERNAL === 'no' ? {} : { serverExternalPackages: ['prom-multiproc', 'prom-client'] }),
};
