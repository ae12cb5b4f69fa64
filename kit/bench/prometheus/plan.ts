/** Sizes and durations of `npm run bench -- prometheus`: about 24 minutes, with QUICK about one. */
export interface Plan {
  /** Load before the recording, until each worker has served each route. */
  readonly warmUpMs: number;
  /** Scrapes of the app that are recorded, and the time between two of them. */
  readonly scrapes: number;
  readonly recordEveryMs: number;
  /** Numbers of replicas. Those of one batch are measured at the same time, each with its own Prometheus. */
  readonly batches: readonly (readonly number[])[];
  readonly rounds: number;
  /** Time before the measurement. The rules read up to five minutes of samples. */
  readonly settleSeconds: number;
  readonly seconds: number;
}

export const WORKERS = 4;

export const DEFAULT: Plan = {
  warmUpMs: 10_000,
  scrapes: 13,
  recordEveryMs: 5000,
  batches: [[10, 100], [500]],
  rounds: 2,
  settleSeconds: 300,
  seconds: 50,
};

export const QUICK: Plan = {
  warmUpMs: 3000,
  scrapes: 4,
  recordEveryMs: 1000,
  batches: [[10, 50]],
  rounds: 1,
  settleSeconds: 20,
  seconds: 20,
};
