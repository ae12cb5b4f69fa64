import type { IncomingMessage } from 'node:http';
import type { Handler } from './app.ts';
import type { Settings } from './settings.ts';

/**
 * Adds routes to each worker and to the metrics server of the primary, and messages between the two. `ToPrimary` and
 * `ToWorker` are the types of these messages, which are sent as JSON. After a reload, workers may run newer code than the primary.
 */
export interface Extension<ToPrimary = never, ToWorker = never> {
  /** Called once in each worker, after `createApp()` and before the worker listens. */
  worker?(context: WorkerContext<ToPrimary>): WorkerExtension<ToWorker>;
  /** Called once in the primary, before it starts workers. */
  primary?(context: PrimaryContext<ToWorker>): PrimaryExtension<ToPrimary>;
}

export interface WorkerContext<ToPrimary> {
  readonly settings: Settings;
  /** Sends a message to the extension in the primary. */
  send(message: ToPrimary): void;
  /** Requests a reload: the primary replaces all workers, one at a time. */
  reload(): void;
}

export interface WorkerExtension<ToWorker> {
  /** Called for each request except health checks and shed requests. */
  onRequest?(req: IncomingMessage): void;
  /** Routes that the worker serves before those of the application, by exact path. A handler may call `next` for the application. */
  readonly routes?: ReadonlyMap<string, Handler>;
  /** Called with each message from the extension in the primary. */
  onMessage?(message: ToWorker): void;
}

export interface PrimaryContext<ToWorker> {
  readonly settings: Settings;
  /** Returns the workers that take requests now. */
  readyWorkers(): readonly ReadyWorker<ToWorker>[];
}

export interface ReadyWorker<ToWorker> {
  readonly id: number;
  /** Sends a message to the extension in this worker. */
  send(message: ToWorker): void;
}

export interface PrimaryExtension<ToPrimary> {
  /** Routes of the metrics server, by path, for GET and HEAD. */
  readonly routes?: ReadonlyMap<string, MetricsRoute>;
  /** Called with each message from the extension in a worker. */
  onMessage?(message: ToPrimary): void;
}

/** Produces one page of the metrics server. If it throws, the response is a 503 with the error's message. */
export type MetricsRoute = (req: IncomingMessage) => MetricsAnswer | Promise<MetricsAnswer>;

export interface MetricsAnswer {
  readonly contentType: string;
  readonly body: string;
}
