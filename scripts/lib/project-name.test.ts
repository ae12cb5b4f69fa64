import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedPackages, nameProblem, renamed, titleOf, titleProblem } from './project-name.ts';

const TAKEN = lockedPackages({
  packages: {
    '': {},
    'demo-app': {},
    'node_modules/express': {},
    'node_modules/a/node_modules/@types/node': {},
  },
});

test('a name that is valid for compose, Docker and npm is accepted', () => {
  for (const name of ['acme', 'acme-orders', 'a1', 'x-2-y', 'a'.repeat(40)]) {
    assert.equal(nameProblem(name, TAKEN), undefined, name);
  }
});

test('a name that one of them rejects is rejected with an example of a valid one', () => {
  const refused = [
    '',
    'Acme',
    '1st',
    '-a',
    'a-',
    'a--b',
    'a_b',
    'a.b',
    '@a/b',
    'ä',
    'a b',
    'a\nb',
    '../a',
    'a;b',
  ];
  for (const name of refused) assert.match(nameProblem(name, TAKEN)!, /acme-orders/, JSON.stringify(name));
  assert.match(nameProblem('a'.repeat(41), TAKEN)!, /41 characters/);
});

test('the name of an installed package is rejected, because npm would reject it later', () => {
  for (const name of ['express', 'demo-app']) assert.match(nameProblem(name, TAKEN)!, /package/, name);
  assert.deepEqual([...TAKEN], ['demo-app', 'express', '@types/node']);
});

test('the default title comes from the name; a title with markup characters is rejected', () => {
  assert.equal(titleOf('acme-orders'), 'Acme Orders');
  for (const title of ['Acme Orders', 'Ørder’s 2, Ltd.']) assert.equal(titleProblem(title), undefined, title);
  for (const title of ['', ' a', '<b>', 'a"b', 'a`b', 'a\nb', 'a$&', 'a\\'])
    assert.ok(titleProblem(title), title);
});

test('every occurrence of name and title is replaced and counted; a new name may contain the old one', () => {
  const text = "# Pandora’s Express\nimage: pandoras-express-app # Pandora's Express\n";
  assert.deepEqual(renamed(text, { name: 'my-pandoras-express', title: 'Mine' }), {
    text: '# Mine\nimage: my-pandoras-express-app # Mine\n',
    count: 3,
  });
  assert.equal(renamed('prom-multiproc, Pandora', { name: 'x', title: 'X' }).count, 0);
});
