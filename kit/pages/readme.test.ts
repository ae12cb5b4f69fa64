/** Checks the order, folders and guarantees of README.md in the template. A user of the template may write another README. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TEMPLATE_NAME } from '../../scripts/lib/project-name.ts';
import { MUTATIONS } from '../mutations/mutations.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'README.md'), 'utf8');

const section = (heading: string) => {
  const [, text] = page.split(`\n## ${heading}\n`);
  assert.ok(text, `no section ${heading}`);
  return text.split('\n## ')[0]!;
};

const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

if (name === TEMPLATE_NAME) {
  test('README.md has a picture, the commands, the folders, the guarantees and the links, in this order', () => {
    const parts = [...page.matchAll(/^(?:## (.*)|<(picture)>)$/gm)].map(
      ([, heading, picture]) => heading ?? picture,
    );
    assert.deepEqual(parts, ['picture', 'Two commands', 'Folders', 'Try to break it', 'Guarantees', 'Links']);
  });

  test('README.md lists each top-level folder and each package', () => {
    const named = [...section('Folders').matchAll(/^- \[`(\S+\/)`\]\(\S+\): \S/gm)].map(
      ([, folder]) => folder!,
    );
    const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
    const folders = files
      .filter((file) => file.includes('/'))
      .map((file) => /^(packages\/)?[^/]+\//.exec(file)![0]);
    assert.deepEqual(named.toSorted(), [...new Set(folders)].toSorted());
  });

  test('each guarantee has a line in bold, one explanation and links to its tests', () => {
    const guarantees = section('Guarantees')
      .match(/^\d\. .*(?:\n {3}.*)*/gm)!
      .map((item) => item.replace(/\n */g, ' '));
    const numbers = guarantees.map((guarantee) => Number(guarantee[0]));
    assert.deepEqual(numbers, [...new Set(MUTATIONS.map(({ guarantee }) => guarantee))].toSorted());
    for (const guarantee of guarantees) {
      assert.match(guarantee, /^\d\. \*\*[A-Z][a-z ]+: [^*]+\.\*\* [A-Z`][^*]+\. \*\[[^*]*\*$/);
      assert.match(guarantee, /\]\(\S+\.(?:spec|test)\.ts\)/);
    }
  });
} else {
  test('README.md is not empty', () => assert.ok(page.length > 0));
}
