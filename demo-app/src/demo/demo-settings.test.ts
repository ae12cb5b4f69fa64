import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { tableRows } from '../../../packages/prom-multiproc/test/support/markdown.ts';
import { readDemoSettings } from './demo-settings.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/reference/settings.md'), 'utf8');

test('by default, and with empty variables, the page has counts and no controls', () => {
  const expected = { page: true, controls: false };
  assert.deepEqual(readDemoSettings({}), expected);
  assert.deepEqual(readDemoSettings({ DEMO_PAGE: '', DEMO_CONTROLS: '' }), expected);
});

test('DEMO_PAGE and DEMO_CONTROLS each switch one part', () => {
  assert.deepEqual(readDemoSettings({ DEMO_PAGE: '0', DEMO_CONTROLS: '1' }), { page: false, controls: true });
});

test('DEMO_CONTROLS=yes is rejected with the value and the allowed values', () => {
  assert.throws(() => readDemoSettings({ DEMO_CONTROLS: 'yes' }), {
    name: 'SettingsError',
    message: 'DEMO_CONTROLS="yes": set 1 for on, or 0 for off',
  });
});

test('docs/reference/settings.md names each variable with its default', () => {
  const rows = tableRows(PAGE, 'App variable').filter(([name]) => name!.startsWith('DEMO_'));
  const { page, controls } = readDemoSettings({});
  assert.deepEqual(
    rows.map(([name, fallback]) => [name, fallback]),
    [
      ['DEMO_PAGE', String(Number(page))],
      ['DEMO_CONTROLS', String(Number(controls))],
    ],
  );
});
