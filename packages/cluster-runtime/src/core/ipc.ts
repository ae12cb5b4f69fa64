/** Messages between primary and workers. None carries metrics: those are in shared memory. */
export type ToWorker =
  /** `whole`: the application ends, so readiness fails first. Otherwise this worker alone goes, and others serve. */
  | { readonly type: 'drain'; readonly whole: boolean }
  /** Serve although no worker can share: see `cannot-share`. */
  | { readonly type: 'serve-anyway' }
  | { readonly type: 'ping' }
  | { readonly type: 'extension'; readonly message: unknown };

export type ToPrimary =
  | { readonly type: 'draining' }
  /** What it counts is shared, in this slot; none where sharing is off. */
  | { readonly type: 'shares'; readonly slot: number | undefined }
  /** A starting worker waits after this until the primary sends `serve-anyway` or kills it. */
  | { readonly type: 'cannot-share'; readonly reason: string }
  | { readonly type: 'pong' }
  /** It has reached a limit: it asks to be replaced, and serves until then. */
  | { readonly type: 'recycle'; readonly reason: string }
  | { readonly type: 'reload' }
  | { readonly type: 'extension'; readonly message: unknown };

/** Sends a message to the primary; does nothing where the primary is gone, which ends this worker anyway. */
export function sendToPrimary(message: ToPrimary): void {
  if (process.connected) process.send?.(message);
}
