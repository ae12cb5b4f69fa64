import { main } from '../../src/index.ts';

await main({ createApp: async () => (await import('./traced-app/app.ts')).createApp() });
