import { main } from 'cluster-runtime';

await main({
  createApp: async () => (await import('./app.ts')).createApp(),
  extension: async () => (await import('./demo/demo.ts')).demo(), // To remove the demonstration, delete demo/ and this line.
});
