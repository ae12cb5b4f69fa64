/** Repeated calls of `share()` for one registry, for example beside the preload: no option is silently ignored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkShared } from '../test/support/fork-shared.ts';
import { PRELOAD } from '../test/support/installed-application.ts';
import { sample } from '../test/support/sample.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';

const COUNT = `new Counter({ name: 'x_total', help: 'x', labelNames: ['a'] });
  for (const a of ['1', '2']) register.getSingleMetric('x_total').inc({ a });`;
const LATER = '{ selfMetrics: false, maxSeriesPerMetric: 1 }';

for (const [what, program, options] of [
  ['share(register)', `share(register); share(register, ${LATER});`, {}],
  ['share()', `share(); share(undefined, ${LATER});`, {}],
  ['the preload', `share(register, ${LATER});`, { execArgv: PRELOAD }],
] as const) {
  test(`options passed to share() after ${what} take effect`, async (t) => {
    const one = await forkShared(t, temporaryDirectory(t), `${program} ${COUNT}`, options);
    const text = await one.evaluate<string>('register.metrics()');
    assert.equal(sample(text, 'x_total{a="1"}'), 1);
    assert.equal(sample(text, 'x_total{a="2"}'), undefined);
    assert.doesNotMatch(text, /^prom_multiproc_/m);
  });
}

test('options that are not passed again stay in effect', async (t) => {
  const program = `share(register, ${LATER}); share(register); share(); ${COUNT}`;
  const one = await forkShared(t, temporaryDirectory(t), program);
  const text = await one.evaluate<string>('register.metrics()');
  assert.equal(sample(text, 'x_total{a="2"}'), undefined);
  assert.doesNotMatch(text, /^prom_multiproc_/m);
});

test('options of all calls take effect when the variable is set later', async (t) => {
  const directory = temporaryDirectory(t);
  const program = `const inner = new Registry(); share(inner); share(inner, { name: 'inner', selfMetrics: false });
    process.env.PROMETHEUS_MULTIPROC_DIR = ${JSON.stringify(directory)};
    new Counter({ name: 'x_total', help: 'x', registers: [inner] }).inc();`;
  const one = await forkShared(t, undefined, program);
  assert.equal((await one.evaluate<string>('inner.metrics()')).match(/^\w.*/gm)?.join(), 'x_total 1');
  assert.equal(
    await one.evaluate("new Reader(process.env.PROMETHEUS_MULTIPROC_DIR).metrics().includes('x_total')"),
    false,
  );
});

for (const [what, directory] of [
  ['with the variable set', true],
  ['without it', false],
] as const) {
  test(`share() rejects a different name for a registry that has one, ${what}`, async (t) => {
    const program = `const inner = new Registry(); share(inner, { name: 'a' }); share(inner, { name: 'a' }); share(inner);
      function again(name) { try { share(inner, { name }); } catch (error) { return error.message; } }`;
    const one = await forkShared(t, directory ? temporaryDirectory(t) : undefined, program);
    assert.match(
      await one.evaluate<string>("again('b')"),
      /cannot name this registry 'b': .* has shared it as 'a'/,
    );
  });
}

test('share() rejects a name for a registry that the preload has shared without one, and its message says what to do', async (t) => {
  const program = `const inner = new Registry(); new Counter({ name: 'x_total', help: 'x', registers: [inner] });
    function again() { try { share(inner, { name: 'inner' }); } catch (error) { return error.message; } }`;
  const one = await forkShared(t, temporaryDirectory(t), program, { execArgv: PRELOAD });
  assert.match(
    await one.evaluate<string>('again()'),
    /has shared it without a name\. Pass the name in the first call/,
  );
});
