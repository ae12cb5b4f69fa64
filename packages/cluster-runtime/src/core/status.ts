export type WorkerState = 'starting' | 'ready' | 'draining';

/** What `/status` shows of a worker. */
export interface WorkerStatus {
  readonly pid: number;
  readonly id: number;
  readonly state: WorkerState;
  /** Undefined before it has one, and where it shares nothing. */
  readonly slot: number | undefined;
}

/** How often an operation of a kind has begun and ended, and why the last one failed: empty where it did not. */
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
  /** Whether a reload runs or waits. */
  readonly reloading: boolean;
  readonly reload: OperationRecord;
  readonly scale: OperationRecord;
}
