import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

export default {
  output: 'standalone',
  outputFileTracingRoot: root,
  turbopack: { root },
  // The line that docs/guides/install.md shows; without it for the test of what happens then.
  ...(process.env.EXTERNAL === 'no' ? {} : { serverExternalPackages: ['prom-multiproc', 'prom-client'] }),
};
