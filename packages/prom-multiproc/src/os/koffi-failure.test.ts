import assert from 'node:assert/strict';
import { test } from 'node:test';
import { koffiFailure } from './koffi-failure.ts';

const missing = Object.assign(new Error("Cannot find module 'koffi'\nRequire stack:\n- /app"), {
  code: 'MODULE_NOT_FOUND',
});
const forbidden = Object.assign(new Error('Cannot load native addon because loading addons is disabled.'), {
  code: 'ERR_DLOPEN_DISABLED',
});
const lost = new Error('Cannot find the native Koffi module; did you bundle it correctly?');

test('each cause of a koffi failure has its own message: not installed, not allowed, no binary, not in the bundle', () => {
  const messages = [
    koffiFailure(missing, undefined),
    koffiFailure(forbidden, undefined),
    koffiFailure(lost, undefined),
    koffiFailure(lost, { bundler: undefined }),
  ].map(({ message }) => message);
  const expected = [
    /^koffi is not installed \(Cannot find module 'koffi'\): .*--omit=optional/,
    /^koffi is not allowed to load \(Cannot load native addon .*\): .*--no-addons.*--allow-addons/,
    /^koffi cannot be loaded \(Cannot find the native .*\): its binary for \w+-\w+ is missing/,
    /^koffi is not in the bundle \(.*\): .*--external:prom-multiproc/,
  ];
  for (const [i, message] of messages.entries()) {
    assert.deepEqual(
      expected.map((one) => one.test(message)),
      expected.map((_, j) => i === j),
      message,
    );
    assert.doesNotMatch(message, /\n/);
  }
});

test('in a bundle the message names the option of the detected bundler', () => {
  const option = {
    next: /serverExternalPackages/,
    ncc: /--external prom-multiproc/,
    webpack: /externals: \{/,
  };
  for (const [bundler, names] of Object.entries(option)) {
    for (const cause of [missing, lost, new ReferenceError('__filename is not defined')]) {
      const { message } = koffiFailure(cause, { bundler: bundler as keyof typeof option });
      assert.match(message, names);
      assert.equal(Object.values(option).filter((one) => one.test(message)).length, 1, message);
    }
  }
});

test('in a bundle too, the message says that add-ons are not allowed, and the error keeps its cause', () => {
  const error = koffiFailure(forbidden, { bundler: undefined });
  assert.match(error.message, /--allow-addons/);
  assert.equal(error.cause, forbidden);
});

test('a missing module of koffi is not reported as a missing koffi', () => {
  const inner = Object.assign(new Error("Cannot find module './linux_x64/koffi.node'"), {
    code: 'MODULE_NOT_FOUND',
  });
  assert.match(koffiFailure(inner, undefined).message, /^koffi cannot be loaded .* its binary/);
});
