/** Every alert has its runbook on alerts.md, and a test that sees it fire and one that sees it clear. */
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

test('there are alerts to speak of, and no two of one name', () => {
  assert.ok(ALERTS.length > 0);
  assert.equal(new Set(ALERTS).size, ALERTS.length);
});

test('the runbook of every alert is on the page, with the severity and the time of the rule', () => {
  for (const name of ALERTS) {
    assert.ok(rule(name).includes(`runbook: docs/reference/alerts.md#${name.toLowerCase()}\n`), name);
    const [, section] = PAGE.split(`\n### ${name}\n\n`);
    assert.ok(section, `${name} has no section`);
    const [, severity] = /severity: (\w+)/.exec(rule(name))!;
    const [, wait] = /^ +for: (\w+)$/m.exec(rule(name)) ?? [];
    const said =
      wait === undefined
        ? `*${severity}.*`
        : `*${severity}, after ${wait.replace(/m$/, ' min').replace(/s$/, ' s')}.*`;
    assert.ok(section.startsWith(said), `${name}: ${said}`);
  }
  const sections = [...PAGE.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(sections.toSorted(), ALERTS.toSorted());
});

test('every alert is tested both firing and silent', () => {
  const expectations = TESTS.split(/^ +- alertname: /m);
  for (const name of ALERTS) {
    const silent = expectations
      .filter((text) => text.startsWith(`${name}\n`))
      .map((text) => text.includes('exp_alerts: []'));
    assert.deepEqual([...new Set(silent)].toSorted(), [false, true], name);
  }
});
