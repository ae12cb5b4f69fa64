/** What primary and workers say to each other. Nothing that carries metrics: those are in shared memory. */
export type ToWorker = { readonly type: 'drain' } | { readonly type: 'unshared'; readonly id: number };

export type ToPrimary =
  | { readonly type: 'draining' }
  | { readonly type: 'cannot-share'; readonly reason: string }
  | { readonly type: 'unshared'; readonly id: number; readonly text: string };
