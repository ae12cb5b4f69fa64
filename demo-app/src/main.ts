import { main } from './start.ts';

await main(async () => (await import('./app/app.ts')).createApp());
