/**
 * Breaks the guarantees one by one in a copy of this checkout: `npm run mutations [-- NAME...]`, of all or of those whose names
 * have a NAME in them. Each must make its test fail; exit status 1 where one does not.
 */
import { join } from 'node:path';
import { tryMutations } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';

const names = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ name }) => names.length === 0 || names.some((one) => name.includes(one)));
if (chosen.length === 0) {
  console.error(`mutations: no mutation is named ${names.join(' or ')}`);
  process.exit(2);
}
for (const { mutation, verdict } of tryMutations(join(import.meta.dirname, '../..'), chosen)) {
  const { name, guarantee, file, test } = mutation;
  if (verdict !== 'killed') process.exitCode = 1;
  console.log(
    `${verdict.padEnd(8)} ${guarantee}  ${name}\n            in ${file}\n            by ${test[0]}: ${test[1]}`,
  );
}
