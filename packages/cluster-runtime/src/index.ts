export type { App } from './app.ts';
export { describeError, log } from './core/log.ts';
export { expressRoute } from './http/express-route.ts';
export { main } from './run.ts';
