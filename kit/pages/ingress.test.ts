/** Checks that pages recommend the Gateway API. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

test('no page recommends an Ingress: its controller ingress-nginx is retired', () => {
  const pages = globSync('docs/*/*.md', { cwd: ROOT });
  assert.ok(pages.length > 8, pages.join());
  for (const name of pages) {
    const page = readFileSync(join(ROOT, name), 'utf8');
    assert.doesNotMatch(page, /\b(an|your|the) ingress\b|kind: Ingress/i, name);
  }
});
