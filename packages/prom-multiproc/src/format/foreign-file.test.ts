import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeForeign, isOfAnotherClient } from './foreign-file.ts';

const PYTHON = /^"[^"]+", a file of Python's prometheus_client, which uses the same variable$/;

test('files of the Python and Ruby clients are recognized', () => {
  const modes = [
    'all',
    'liveall',
    'sum',
    'livesum',
    'min',
    'livemin',
    'max',
    'livemax',
    'mostrecent',
    'livemostrecent',
  ];
  const names = [
    'counter_123.db',
    'histogram_1.db',
    'summary_99999.db',
    ...modes.map((mode) => `gauge_${mode}_12.db`),
  ];
  for (const name of names) {
    assert.match(describeForeign(name), PYTHON);
    assert.ok(isOfAnotherClient(name), name);
  }
  // The application chooses the process identifier.
  assert.match(describeForeign('counter_uwsgi-3.db'), PYTHON);
  assert.equal(
    describeForeign('metric_http_requests___42.bin'),
    '"metric_http_requests___42.bin", a file of Ruby\'s prometheus-client',
  );
});

test('files of the file system are recognized and are not attributed to another client', () => {
  assert.match(describeForeign('lost+found'), /which the file system creates at its mount point/);
  assert.match(describeForeign('.nfs00000000023b'), /NFS/);
  for (const name of ['lost+found', '.nfs1', 'notes.txt', 'slot-0.metrics'])
    assert.ok(!isOfAnotherClient(name));
});

test('any other file is described as not a slot file', () => {
  for (const name of [
    'notes.txt',
    'counter.db',
    'gauge_12.db',
    'my_counter_1.db',
    'counter_1.db.bak',
    'line\nfeed',
  ]) {
    assert.equal(describeForeign(name), `${JSON.stringify(name)}, which is not a slot file`);
  }
});
