import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const PAGE = import.meta.dirname;
const PACKAGE = join(PAGE, '../../node_modules/uplot');

for (const [served, from] of [
  ['uPlot.iife.min.js', 'dist/uPlot.iife.min.js'],
  ['uPlot.min.css', 'dist/uPlot.min.css'],
  ['LICENSE', 'LICENSE'],
] as const) {
  test(`vendor/${served} is the file of the locked package`, () => {
    const locked = join(PACKAGE, from);
    const kept = join(PAGE, 'vendor', served);
    assert.ok(readFileSync(kept).equals(readFileSync(locked)), `run: cp ${locked} ${kept}`);
  });
}
