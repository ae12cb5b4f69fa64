/** Limits the words of the template's pages, code and tables included. A user of the template may write longer ones. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TEMPLATE_NAME } from '../../scripts/lib/project-name.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIMITS = [
  { pages: 'README.md', most: 900 },
  { pages: 'docs/*.md', most: 14_000 },
  { pages: '*.md', most: 21_000 },
];

const wordsOf = (page: string) => readFileSync(join(ROOT, page), 'utf8').trim().split(/\s+/).length;

const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

if (name === TEMPLATE_NAME) {
  for (const { pages, most } of LIMITS)
    test(`${pages} has at most ${most} words in all`, () => {
      const listed = execFileSync('git', ['ls-files', '--', pages], { cwd: ROOT, encoding: 'utf8' });
      const words = listed.trim().split('\n').map(wordsOf);
      const sum = words.reduce((total, count) => total + count, 0);
      assert.ok(sum > 0 && sum <= most, `${sum} words`);
    });
} else {
  test('README.md has words', () => assert.ok(wordsOf('README.md') > 0));
}
