/** Every alert has a runbook in alerts.md, and promtool tests in which it fires and in which it does not. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const PROMETHEUS = join(import.meta.dirname, '../../prometheus');
const PAGE = readFileSync(join(import.meta.dirname, '../../docs/reference/alerts.md'), 'utf8');

const textOf = (folder: string): string =>
  readdirSync(join(PROMETHEUS, folder))
    .map((name) => readFileSync(join(PROMETHEUS, folder, name), 'utf8'))
    .join('\n');

const RULES = textOf('rules');
const TESTS = textOf('tests');
const ALERTS = [...RULES.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);

const rule = (name: string): string =>
  RULES.split(/^ +- (?=alert: |record: )/m).find((r) => r.startsWith(`alert: ${name}\n`))!;

test('there are alerts, and their names are unique', () => {
  assert.ok(ALERTS.length > 0);
  assert.equal(new Set(ALERTS).size, ALERTS.length);
});

test('alerts.md has a runbook for every alert, with the severity and the waiting time of its rule', () => {
  for (const name of ALERTS) {
    const link = `runbook_url: '{{ $externalURL }}/runbooks#${name.toLowerCase()}'`;
    assert.ok(rule(name).trimEnd().endsWith(link) || rule(name).includes(`${link}\n`), name);
    const [, section] = PAGE.split(`\n### ${name}\n\n`);
    assert.ok(section, `${name} has no section`);
    const [, severity] = /severity: (\w+)/.exec(rule(name))!;
    const [, wait] = /^ +for: (\w+)$/m.exec(rule(name)) ?? [];
    const expected =
      wait === undefined
        ? `*${severity}.*`
        : `*${severity}, after ${wait.replace(/m$/, ' min').replace(/s$/, ' s')}.*`;
    assert.ok(section.startsWith(expected), `${name}: ${expected}`);
  }
  const sections = [...PAGE.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sections.toSorted(), ALERTS.toSorted());
});

test('promtool tests every alert both firing and silent', () => {
  const expectations = TESTS.split(/^ +- alertname: /m);
  for (const name of ALERTS) {
    const silent = expectations
      .filter((text) => text.startsWith(`${name}\n`))
      .map((text) => text.includes('exp_alerts: []'));
    assert.deepEqual([...new Set(silent)].toSorted(), [false, true], name);
  }
});
