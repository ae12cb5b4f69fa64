/** Checks every rendered object against the schemas of Kubernetes, of the Prometheus operator and of the Gateway API. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChangedCopy, withField, withValue } from './testing/changed-copies.ts';
import { DIRECTORIES, render } from './testing/render.ts';
import { typeProblems, validate } from './testing/schema-problems.ts';

const rendered = DIRECTORIES.flatMap((name) => render(name));
/** Has every kind of object. */
const production = render('deploy/kubernetes/overlays/production');

/** Mappings with any keys. */
const FREE = /(\.labels|\.matchLabels|\.requests|\.limits|^Service\.spec\.selector)$/;

/** Returns the paths of the copies that the schemas accept. */
function accepted(t: Parameters<typeof typeProblems>[0], copies: readonly ChangedCopy[]): string[] {
  const problems = typeProblems(
    t,
    copies.map(({ copy }) => copy),
  );
  return copies.filter((_, i) => problems[i]!.length === 0).map(({ path }) => path);
}

test('no rendered object has an unknown field or a value of a wrong type', (t) => {
  const problems = typeProblems(t, rendered).map((found, i) => [rendered[i]!.kind, ...found]);
  assert.ok(problems.length > 15, `${problems.length} objects`);
  assert.deepEqual(
    problems.filter(({ length }) => length > 1),
    [],
  );
});

test('every value of a rendered object is one that its schema allows', async () => {
  for (const object of rendered) await validate(object);
});

test('an unknown field is refused at every level of every object', (t) => {
  const copies = production.flatMap((object) => withField(object, 'unknownField'));
  assert.ok(copies.length > 60, `${copies.length} levels`);
  const free = copies.map(({ path }) => path).filter((path) => FREE.test(path));
  assert.deepEqual(accepted(t, copies), free);
});

test('a value of a wrong type is refused in every field of every object', (t) => {
  const copies = production.flatMap((object) => withValue(object, [[]]));
  assert.ok(copies.length > 100, `${copies.length} fields`);
  assert.deepEqual(accepted(t, copies), []);
});

test('a value that its schema does not allow is refused', async () => {
  const budget = production.find(({ kind }) => kind === 'PodDisruptionBudget')!;
  await assert.rejects(validate({ ...budget, metadata: [] } as never), /metadata/);
});
