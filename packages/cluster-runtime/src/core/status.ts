export type WorkerState = 'starting' | 'ready' | 'draining';

/** A worker in `/status`. */
export interface WorkerStatus {
  readonly pid: number;
  readonly id: number;
  readonly state: WorkerState;
  /** Undefined until the worker has a slot, and if it does not share. */
  readonly slot: number | undefined;
  /** The reason that the application's `ready()` returned last. Undefined if it returned true. */
  readonly notReady: string | undefined;
}

/** How many operations of a kind have begun and ended. `error` is the reason of the last one, empty if it succeeded. */
export interface OperationRecord {
  readonly begun: number;
  readonly ended: number;
  readonly error: string;
}

/** The body of `/status` on the metrics port. */
export interface Status {
  readonly primary: { readonly pid: number };
  readonly workers: readonly WorkerStatus[];
  readonly workersDesired: number;
  /** Whether a reload is running or queued. */
  readonly reloading: boolean;
  readonly reload: OperationRecord;
  readonly scale: OperationRecord;
}
