import { main } from '../../src/index.ts';

await main({ createApp: async () => (await import('./ping-app/app.ts')).createApp() });
