/** Rounds of each measure: about 14 minutes on two processors, with QUICK one or two. */
export interface Plan {
  readonly countingRounds: number;
  readonly memoryRounds: number;
  readonly warmUpScrapes: number;
  readonly scrapes: number;
  readonly stalls: number;
  readonly firstScrapes: number;
  readonly lawScrapes: number;
  readonly largestSeries: number;
  readonly requestSlices: number;
  readonly killRounds: number;
  readonly killSeconds: number;
  readonly kills: number;
}

export const DEFAULT: Plan = {
  countingRounds: 5,
  memoryRounds: 3,
  warmUpScrapes: 20,
  scrapes: 40,
  stalls: 10,
  firstScrapes: 5,
  lawScrapes: 7,
  largestSeries: 100_000,
  requestSlices: 200,
  killRounds: 3,
  killSeconds: 15,
  kills: 5,
};

export const QUICK: Plan = {
  countingRounds: 1,
  memoryRounds: 1,
  warmUpScrapes: 3,
  scrapes: 5,
  stalls: 2,
  firstScrapes: 1,
  lawScrapes: 2,
  largestSeries: 100_000,
  requestSlices: 12,
  killRounds: 1,
  killSeconds: 5,
  kills: 2,
};
