/** A process without free file descriptors or memory rejects instead of showing incomplete totals. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import { TextReader } from './support/directory-text.ts';
import { twoSlots } from './support/two-slots.ts';

/** Makes opening slot 1 fail with `code`. @returns a function that restores it. */
function refuseToOpen(t: TestContext, code: string): () => void {
  const { openSync } = fs;
  const refusing = t.mock.method(fs, 'openSync', (...args: Parameters<typeof openSync>) => {
    if (!String(args[0]).endsWith('slot-1.metrics')) return openSync(...args);
    throw Object.assign(new Error(code), { code });
  });
  syncBuiltinESMExports();
  const restore = () => {
    refusing.mock.restore();
    syncBuiltinESMExports();
  };
  t.after(restore);
  return restore;
}

for (const code of ['EMFILE', 'ENFILE', 'ENOMEM']) {
  test(`a reader throws ${code} of one slot, and shows all totals once it can open the file`, (t) => {
    const { directory, total } = twoSlots(t);
    const reader = new TextReader(t, directory);
    const restore = refuseToOpen(t, code);
    for (let scrape = 0; scrape < 2; scrape++) assert.throws(() => total(reader), { code });
    restore();
    assert.equal(total(reader), 105);
    assert.deepEqual(reader.errors, []);
    assert.equal(reader.unreadableSlots(), 0);
  });
}
