/** Runs runbooks.awk with this machine's awk on the page of alerts. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..');
const DEADLINE_MS = 20_000;

const converted = (input: string): string =>
  execFileSync('awk', ['-f', join(import.meta.dirname, 'runbooks.awk')], {
    input,
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });

const page = converted(readFileSync(join(ROOT, 'docs/reference/alerts.md'), 'utf8'));
const anchors = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!));

test('the link of every alert leads to a heading of the page', () => {
  const rules = globSync('prometheus/rules/*.yml', { cwd: ROOT }).map((path) =>
    readFileSync(join(ROOT, path), 'utf8'),
  );
  const links = [...rules.join('\n').matchAll(/runbook_url: '.*\/runbooks#(\w+)'/g)].map(([, id]) => id!);
  assert.ok(links.length > 15, `${links.length} links`);
  assert.deepEqual(
    links.filter((id) => !anchors.has(id)),
    [],
  );
});

test('links of the page lead to its headings', () => {
  const targets = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id!);
  assert.ok(targets.length > 0);
  assert.deepEqual(
    targets.filter((id) => !anchors.has(id)),
    [],
  );
});

test('Markdown becomes HTML, and characters of HTML are escaped', () => {
  const markdown = [
    '# A B',
    '',
    '*warning.* See `a < "b"` and',
    '[the *log*](../guides/operate.md#logs), [c](../../nginx/c.conf), [d](e.md), [x](#a-b) & <i>.',
    '',
    '- one',
    '- **two**',
    '',
    '```sh',
    'a && b',
    '```',
  ];
  const [, body] = converted(markdown.join('\n')).split('<body>\n');
  assert.equal(
    body,
    `${[
      '<h1 id="a-b">A B</h1>',
      '<p><em>warning.</em> See <code>a &lt; &quot;b&quot;</code> and ' +
        'the <em>log</em> (<code>docs/guides/operate.md#logs</code>), c (<code>nginx/c.conf</code>), ' +
        'd (<code>docs/reference/e.md</code>), <a href="#a-b">x</a> &amp; &lt;i&gt;.</p>',
      '<li>one</li>',
      '<li><strong>two</strong></li>',
      '<pre>',
      'a &amp;&amp; b',
      '</pre>',
    ].join('\n')}\n`,
  );
});
