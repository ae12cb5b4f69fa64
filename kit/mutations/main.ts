/**
 * `npm run mutations [-- NAME...]`: applies each mutation, or those whose names contain a NAME, to a copy of this checkout. The test
 * of the mutation must then fail. Exit status: 0 if all these tests failed, 1 otherwise, 2 if no mutation has such a name.
 */
import { join } from 'node:path';
import { runMutations, type Verdict } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';

const MEANING: Partial<Record<Verdict, string>> = {
  killed: 'killed: the test fails with the mutation',
  survived: 'SURVIVED: the test passes with the mutation',
};

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
    `mutation "${name}" of guarantee ${guarantee}\n  file:   ${file}\n  test:   ${test[0]}: ${test[1]}\n  result: ${MEANING[verdict] ?? verdict}`,
  );
}
