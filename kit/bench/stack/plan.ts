/** Rates, durations and rounds of `npm run load`: about 11 minutes in all, with QUICK about 2. */
export interface Plan {
  readonly warmUpSeconds: number;
  readonly firstRate: number;
  readonly capacitySearches: number;
  readonly capacitySeconds: number;
  readonly leastCostRate: number;
  readonly costWarmUpSeconds: number;
  readonly costRounds: number;
  readonly costSeconds: number;
  readonly series: number;
  readonly scrapingPairs: number;
  readonly scrapingSeconds: number;
  readonly overloads: number;
  readonly overloadSeconds: number;
  readonly difficultEach: number;
}

export const DEFAULT: Plan = {
  warmUpSeconds: 5,
  firstRate: 500,
  capacitySearches: 3,
  capacitySeconds: 4,
  leastCostRate: 100,
  costWarmUpSeconds: 40,
  costRounds: 15,
  costSeconds: 4,
  series: 10_000,
  scrapingPairs: 4,
  scrapingSeconds: 6,
  overloads: 3,
  overloadSeconds: 8,
  difficultEach: 40,
};

export const QUICK: Plan = {
  warmUpSeconds: 1,
  firstRate: 200,
  capacitySearches: 1,
  capacitySeconds: 1,
  leastCostRate: 50,
  costWarmUpSeconds: 1,
  costRounds: 2,
  costSeconds: 1,
  series: 10_000,
  scrapingPairs: 1,
  scrapingSeconds: 3,
  overloads: 1,
  overloadSeconds: 4,
  difficultEach: 5,
};
