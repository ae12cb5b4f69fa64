/** Messages from the primary to a worker. No message carries metrics: they are in shared memory. */
export type ToWorker =
  /** `whole` is true if the whole application stops: `/readyz` then answers 503 before the worker closes its port. */
  | { readonly type: 'drain'; readonly whole: boolean }
  /** Sent if no worker can share: the worker serves without sharing. See `cannot-share`. */
  | { readonly type: 'serve-anyway' }
  | { readonly type: 'ping' }
  | { readonly type: 'extension'; readonly message: unknown };

/** Messages from a worker to the primary. */
export type ToPrimary =
  /** The worker accepts connections. */
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'draining' }
  /** The worker shares its metrics in this slot; undefined if sharing is off. */
  | { readonly type: 'shares'; readonly slot: number | undefined }
  /** The worker cannot share. A starting worker then waits until the primary sends `serve-anyway` or kills it. */
  | { readonly type: 'cannot-share'; readonly reason: string }
  | { readonly type: 'pong' }
  /** The result of a call of the application's `ready()`. `reason` is undefined if it returned true. */
  | { readonly type: 'readiness'; readonly reason?: string | undefined }
  /** The worker has reached a limit. It serves until the primary has replaced it. */
  | { readonly type: 'recycle'; readonly reason: string }
  | { readonly type: 'reload' }
  | { readonly type: 'extension'; readonly message: unknown };

/** Sends a message to the primary. Does nothing if the primary has exited: this worker then exits too. */
export function sendToPrimary(message: ToPrimary): void {
  if (process.connected) process.send?.(message);
}
