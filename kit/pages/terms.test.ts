/** No file of the template uses a word that terms.yml replaces by a standard term. A user of the template may use any. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { TEMPLATE_NAME } from '../../scripts/lib/project-name.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Term {
  readonly not: string;
  readonly say: string;
  readonly except?: readonly string[];
}
const TERMS = parse(readFileSync(join(import.meta.dirname, 'terms.yml'), 'utf8')) as readonly Term[];

const NOT_PROSE = /^kit\/pages\/terms\.(yml|test\.ts)$|(^|\/)(package-lock\.json|LICENSE)$|\.(png|svg)$/;

const listed = execFileSync('git', ['ls-files', '--stage', '-z'], { cwd: ROOT, encoding: 'utf8' });
const texts = listed
  .split('\0')
  .filter((line) => line.startsWith('100'))
  .map((line) => line.slice(line.indexOf('\t') + 1))
  .filter((path) => !NOT_PROSE.test(path))
  .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const);

const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

test('terms.yml lists terms', () => assert.ok(TERMS.length > 5));

for (const { not, say, except = [] } of name === TEMPLATE_NAME ? TERMS : [])
  test(`no file says ${not}: ${say}`, () => {
    const term = new RegExp(not, 'i');
    const found = texts
      .filter(([path]) => !except.includes(path))
      .flatMap(([path, text]) =>
        text
          .split('\n')
          .flatMap((line, index) => (term.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
      );
    assert.deepEqual(found, []);
  });
