import { main } from 'cluster-runtime';
import { demo } from '../demo.ts';

/** The test application of the runtime with the demonstration. */
await main({
  createApp: async () =>
    (await import('../../../../packages/cluster-runtime/test/support/ping-app/app.ts')).createApp(),
  extension: () => demo(),
});
