/**
 * `npm run mutations [-- NAME...]`: applies each mutation, or those whose names contain a NAME, to a copy of this checkout. Its test
 * must fail then. Exit status: 0 if all tests failed, 1 otherwise, 2 if no mutation has such a name.
 */
import { join } from 'node:path';
import { runMutations } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';

const names = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ name }) => names.length === 0 || names.some((one) => name.includes(one)));
if (chosen.length === 0) {
  console.error(`mutations: no mutation name contains ${names.join(' or ')}`);
  process.exit(2);
}
for (const { mutation, verdict } of runMutations(join(import.meta.dirname, '../..'), chosen)) {
  const { name, guarantee, file, test } = mutation;
  if (verdict !== 'killed') process.exitCode = 1;
  console.log(
    `${verdict.padEnd(8)} ${guarantee}  ${name}\n            in ${file}\n            by ${test[0]}: ${test[1]}`,
  );
}
