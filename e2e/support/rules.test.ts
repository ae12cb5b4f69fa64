import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { Rules } from './rules.ts';

const SHIPPED = join(import.meta.dirname, '../../prometheus/rules');
const SECONDS: Record<string, number> = { s: 1, m: 60 };

interface RuleFile {
  groups: { rules: { for?: string; keep_firing_for?: string }[] }[];
}

test('shortening divides the `for` and `keep_firing_for` of each alert and changes nothing else', () => {
  const rules = new Rules();
  rules.shorten(6);
  const names = readdirSync(SHIPPED).sort();
  assert.deepEqual(readdirSync(rules.directory).sort(), names);
  let waiting = 0;
  for (const name of names) {
    const expected = parse(readFileSync(join(SHIPPED, name), 'utf8')) as RuleFile;
    for (const rule of expected.groups.flatMap((group) => group.rules)) {
      for (const key of ['for', 'keep_firing_for'] as const) {
        if (rule[key] === undefined) continue;
        waiting += 1;
        const [, count, unit] = /^(\d+)([sm])$/.exec(rule[key])!;
        rule[key] = `${(Number(count) * SECONDS[unit!]!) / 6}s`;
      }
    }
    assert.deepEqual(parse(readFileSync(join(rules.directory, name), 'utf8')), expected, name);
  }
  assert.ok(waiting > 10, `${waiting} alerts wait`);
});
