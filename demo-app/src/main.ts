import { main } from 'cluster-runtime';

await main(async () => (await import('./app.ts')).createApp());
