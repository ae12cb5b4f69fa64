import { main } from '../start.ts';

await main(async () => (await import('./ping-app/app.ts')).createApp());
