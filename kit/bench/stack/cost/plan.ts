/** Durations and rounds of `npm run bench -- stack`: about 10 minutes, with QUICK about one. */
export interface Plan {
  readonly warmUpSeconds: number;
  readonly rounds: number;
  /** Seconds of each load in each round. */
  readonly seconds: number;
  readonly restSeconds: number;
  readonly starts: number;
}

export const DEFAULT: Plan = { warmUpSeconds: 6, rounds: 8, seconds: 3, restSeconds: 60, starts: 3 };
export const QUICK: Plan = { warmUpSeconds: 1, rounds: 1, seconds: 1, restSeconds: 3, starts: 1 };

/** Client connections of the saturating load. */
export const CONNECTIONS = 32;
/** Requests per second of the steady load. */
export const STEADY_RATE = 600;
