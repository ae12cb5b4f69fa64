import { main } from '../../src/index.ts';

await main(async () => (await import('./ping-app/app.ts')).createApp());
