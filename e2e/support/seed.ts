/** Returns `E2E_SEED` if it is set, else a random seed. */
export function seedOfThisRun(): number {
  const given = process.env.E2E_SEED;
  if (given === undefined) return Math.floor(Math.random() * 2 ** 31);
  if (!/^\d+$/.test(given)) throw new Error(`E2E_SEED must be a whole number, not ${JSON.stringify(given)}`);
  return Number(given);
}
