import type { IncomingMessage } from 'node:http';
import type { Handler } from './app.ts';
import type { Settings } from './settings.ts';

/**
 * Code that stands beside the application: handlers in front of it in each worker, pages of the metrics server in the
 * primary, and messages between the two. `ToPrimary` and `ToWorker` are the types of these messages; they are sent as JSON.
 * After a reload a worker may run newer code than the primary does.
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
  /** Asks the primary to replace all workers, one by one. */
  reload(): void;
}

export interface WorkerExtension<ToWorker> {
  /** Run in this order for each request, after health and load shedding and before the application. */
  readonly handlers?: readonly Handler[];
  /** Called with each message from the extension in the primary. */
  onMessage?(message: ToWorker): void;
}

export interface PrimaryContext<ToWorker> {
  readonly settings: Settings;
  /** The workers that take requests now. */
  readyWorkers(): readonly ReadyWorker<ToWorker>[];
}

export interface ReadyWorker<ToWorker> {
  readonly id: number;
  /** Sends a message to the extension in this worker. */
  send(message: ToWorker): void;
}

export interface PrimaryExtension<ToPrimary> {
  /** Pages of the metrics server, by path: GET and HEAD only. */
  readonly routes?: ReadonlyMap<string, MetricsRoute>;
  /** Called with each message from the extension in a worker. */
  onMessage?(message: ToPrimary): void;
}

/** One page of the metrics server. An error that it throws becomes a 503 with the error's message. */
export type MetricsRoute = (req: IncomingMessage) => MetricsAnswer | Promise<MetricsAnswer>;

export interface MetricsAnswer {
  readonly contentType: string;
  readonly body: string;
}
