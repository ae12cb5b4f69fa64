export type { App, Handler } from './core/app.ts';
export { EnvironmentReader, SettingsError } from './core/environment.ts';
export type {
  Extension,
  MetricsAnswer,
  MetricsRoute,
  PrimaryContext,
  PrimaryExtension,
  ReadyWorker,
  WorkerContext,
  WorkerExtension,
} from './core/extension.ts';
export { describeError, log } from './core/log.ts';
export type { Settings } from './core/settings.ts';
export { answerText } from './http/answer-text.ts';
export { requestIdOf, traceIdOf, traceparentOf } from './http/exchange.ts';
export { expressRoute } from './http/express-route.ts';
export { main, type Program } from './run.ts';
