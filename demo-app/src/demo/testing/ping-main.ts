import { main } from 'cluster-runtime';
import { demo } from '../demo.ts';

/** The application of the runtime's tests, which answers /ping, with the demonstration in front of it. */
await main({
  createApp: async () =>
    (await import('../../../../packages/cluster-runtime/test/support/ping-app/app.ts')).createApp(),
  extension: () => demo(),
});
