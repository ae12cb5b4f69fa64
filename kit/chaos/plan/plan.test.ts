import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DAMAGES } from '../faults/damages.ts';
import { FAULTS } from '../faults/faults.ts';
import { type Fault, planDamage, planFaults } from './plan.ts';

const FAULT_KINDS = Object.keys(FAULTS);

function first(count: number, seed: number): Fault[] {
  return [...planFaults(seed, count)];
}

test('the same seed plans the same faults, targets and pauses, another seed plans others', () => {
  assert.deepEqual(first(2_000, 7), first(2_000, 7));
  assert.notDeepEqual(first(50, 7), first(50, 8));
  assert.deepEqual(planDamage(7, 5), planDamage(7, 5));
  assert.notDeepEqual(planDamage(7, 5), planDamage(8, 5));
});

test('the plan of seed 1 equals the recorded one', () => {
  const recorded = first(6, 1).map(({ kind, target, pauseMs }) => `${kind} ${target} ${pauseMs}`);
  assert.deepEqual(recorded, [
    'throw 9 253',
    'restart-nginx 25 428',
    'stop 12 541',
    'restart-prometheus 37 435',
    'out-of-memory 13 636',
    'stick 48 776',
  ]);
});

test('the first round has each kind of fault once', () => {
  for (const seed of [1, 2, 3]) {
    const kinds = first(FAULT_KINDS.length, seed).map(({ kind }) => kind);
    assert.deepEqual(new Set(kinds).size, FAULT_KINDS.length, `seed ${seed}: ${kinds}`);
  }
});

test('scaling adds at most one worker and never goes below the initial number', () => {
  let extra = 0;
  for (const { kind } of first(3_000, 3)) {
    if (kind === 'scale-up') extra += 1;
    if (kind === 'scale-down') extra -= 1;
    assert.ok(extra === 0 || extra === 1, `${extra} more workers`);
  }
});

test('each round has each kind of damage once', () => {
  const damages = planDamage(4, 3);
  for (const kind of Object.keys(DAMAGES)) assert.equal(damages.filter((d) => d.kind === kind).length, 3);
});

test('chaos.md lists each fault of the table', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/explanation/chaos.md'), 'utf8');
  for (const kind of FAULT_KINDS) assert.match(page, new RegExp(`^- .*\`${kind}\`.*: `, 'm'), kind);
});
