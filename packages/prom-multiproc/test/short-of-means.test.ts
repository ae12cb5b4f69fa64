/** A process that has run out of descriptors or of memory shows no totals rather than a part of them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import { TextReader } from './support/directory-text.ts';
import { twoSlots } from './support/two-slots.ts';

/** The file of slot 1 cannot be opened, until it is told. */
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
  test(`a reader that meets ${code} at one of the slots shows nothing, and all once it can`, (t) => {
    const { directory, total } = twoSlots(t);
    const reader = new TextReader(t, directory);
    const restore = refuseToOpen(t, code);
    for (let scrape = 0; scrape < 2; scrape++) assert.throws(() => total(reader), { code });
    restore();
    assert.equal(total(reader), 105);
    assert.deepEqual(reader.complaints, []);
    assert.equal(reader.heldFiles(), 0);
  });
}
