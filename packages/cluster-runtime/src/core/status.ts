import type { CrewMember } from '../primary/worker-process.ts';

/** How often an operation of a kind has begun and ended, and why the last one failed: empty where it did not. */
export interface OperationRecord {
  readonly begun: number;
  readonly ended: number;
  readonly error: string;
}

/** What `/status` on the metrics door says. */
export interface Status {
  readonly primary: { readonly pid: number };
  readonly workers: readonly CrewMember[];
  readonly workersWanted: number;
  /** Whether a reload runs or waits. */
  readonly reloading: boolean;
  readonly reload: OperationRecord;
  readonly scale: OperationRecord;
}
