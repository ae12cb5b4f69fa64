import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { logged } from '../../test/support/logged.ts';
import type { App } from '../core/app.ts';
import { Readiness } from './readiness.ts';

/** Readiness of an application whose answer is `answer`, and a clock. */
function asking(t: TestContext, first: NonNullable<App['ready']>) {
  const lines = logged(t);
  const answers: (string | undefined)[] = [];
  const app = { ready: first, calls: 0, now: 0 };
  const readiness = new Readiness({
    ready() {
      app.calls += 1;
      return app.ready();
    },
    onAnswer: (reason) => answers.push(reason),
    now: () => app.now,
    answerWithinMs: 20,
  });
  /** Asks one second later. */
  const whyNot = () => {
    app.now += 1000;
    return readiness.whyNot();
  };
  return { app, readiness, whyNot, answers, lines };
}

test('ready() is called at most once a second, and not while a call is pending', async (t) => {
  const { app, readiness } = asking(t, async () => 'no database');
  const first = readiness.whyNot();
  app.now = 5000;
  assert.deepEqual(await Promise.all([first, readiness.whyNot()]), ['no database', 'no database']);
  assert.equal(app.calls, 1);
  await readiness.whyNot();
  assert.equal(app.calls, 2, 'the first call began more than a second ago');
  app.now = 5999;
  await readiness.whyNot();
  assert.equal(app.calls, 2);
  app.now = 6000;
  await readiness.whyNot();
  assert.equal(app.calls, 3);
});

test('the reason is what ready() returns or throws, at most 1,000 characters of it', async (t) => {
  const { app, whyNot } = asking(t, () => true);
  assert.equal(await whyNot(), undefined);
  for (const [ready, reason] of [
    [() => 'warming up', 'warming up'],
    [async () => 'no database', 'no database'],
    [() => Promise.reject(new Error('connection refused')), 'connection refused'],
    [
      () => {
        throw new TypeError('not a function');
      },
      'not a function',
    ],
    [() => '', 'ready() returned '],
    [() => undefined, 'ready() returned undefined'],
    [() => false, 'ready() returned false'],
    [() => 'a'.repeat(5000), 'a'.repeat(1000)],
  ] as const) {
    app.ready = ready as NonNullable<App['ready']>;
    assert.equal(await whyNot(), reason);
  }
});

test('a call of ready() that hangs counts as not ready, and the next one is asked', async (t) => {
  const { app, whyNot } = asking(t, () => new Promise(() => {}));
  assert.equal(await whyNot(), 'ready() did not answer within 20 ms');
  app.ready = async () => true;
  assert.equal(await whyNot(), undefined);
  assert.equal(app.calls, 2);
});

test('each change is logged once, an error with its stack, and each answer is reported', async (t) => {
  const { app, whyNot, answers, lines } = asking(t, () => true);
  await whyNot();
  for (const ready of [() => 'no database', () => 'no database', () => 'no cache'] as const) {
    app.ready = ready;
    await whyNot();
  }
  app.ready = () => Promise.reject(new Error('refused'));
  await whyNot();
  app.ready = async () => true;
  await whyNot();
  await whyNot();
  assert.deepEqual(
    lines.map(({ level, msg, reason }) => [level, msg, reason]),
    [
      ['warn', 'not ready', 'no database'],
      ['warn', 'not ready', 'no cache'],
      ['warn', 'not ready', 'refused'],
      ['info', 'ready', undefined],
    ],
  );
  assert.match(String(lines[2]!.stack), /^Error: refused\n +at /);
  const [database, cache] = ['no database', 'no cache'];
  assert.deepEqual(answers, [undefined, database, database, cache, 'refused', undefined, undefined]);
});
