import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppLog, startErrors } from './app-log.ts';

const texts = (...lines: string[]) => {
  const log = new AppLog();
  return lines.map((line) => log.textOf(line)).filter((text) => text !== undefined);
};

test('of the containers, only lines of the app are shown', () => {
  const lines = [
    '\u001b[2Kapp-1             | hello',
    'nginx-1           | {}',
    'nginx-exporter-1  | x',
    'app-1  | a | b',
  ];
  assert.deepEqual(texts(...lines), ['hello', 'a | b']);
});

test('without containers, only lines of the app are shown', () => {
  const lines = [
    '==> /x/log/nginx.log <==',
    '{}',
    '',
    '==> /x/log/app.log <==',
    'hello',
    '',
    '==> /x/log/p.log <==',
    'p',
  ];
  assert.deepEqual(texts(...lines), ['hello']);
});

const cannotStart = (fields: object) => JSON.stringify({ level: 'error', msg: 'cannot start', ...fields });

test('an error at the start is shown with file and line of the application', () => {
  const stack = 'Error: boom\n    at file:///srv/pandoras-express/demo-app/src/routes.ts:11:7\n    at x:1:1';
  assert.deepEqual(startErrors(cannotStart({ error: 'boom', stack })), ['demo-app/src/routes.ts:11: boom']);
});

test('an import of a missing file, whose stack has no line, is shown with the line that the runtime found', () => {
  const refused = ["/srv/demo-app/src/app.ts:3: './x.ts' names no file"];
  const stack = "Error: Cannot find module '/srv/demo-app/src/x.ts' imported from /srv/demo-app/src/app.ts";
  const line = cannotStart({ error: 'Cannot find module', stack, refused });
  assert.deepEqual(startErrors(line), ["demo-app/src/app.ts:3: './x.ts' names no file"]);
});

test('an error outside of the application is shown without a place', () => {
  assert.deepEqual(startErrors(cannotStart({ error: 'WORKERS="x"', stack: 'Error' })), ['WORKERS="x"']);
});

test('other lines report no error, also if they are not JSON', () => {
  assert.deepEqual(startErrors('{"msg":"worker ready"}'), []);
  assert.deepEqual(startErrors('hello'), []);
});
