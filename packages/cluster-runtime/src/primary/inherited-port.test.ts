import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { logged } from '../../test/support/logged.ts';
import { InheritedPort } from './inherited-port.ts';

const WAIT_MS = 3_000;
const TICK_MS = 250;

/** A port with a clock that the test controls. Worker processes open it, as listen(2) does. */
function inherit(t: TestContext) {
  let clock = 1_000_000;
  const state = { listening: false, open: false };
  const port = new InheritedPort({
    waitForWorkerMs: WAIT_MS,
    hasListening: () => state.listening,
    shutDown() {
      const was = state.open;
      state.open = false;
      return was;
    },
    reopen() {
      state.open = true;
    },
    now: () => clock,
  });
  return {
    lines: logged(t),
    isOpen: () => state.open,
    pass(ms: number): void {
      for (const end = clock + ms; clock < end; ) {
        clock += TICK_MS;
        port.tick();
      }
    },
    /** The message of the worker arrives later. */
    beginToListen(): void {
      state.open = true;
    },
    /** Its message. */
    reportListening(): void {
      state.listening = true;
      port.opened();
    },
    listen(): void {
      Object.assign(state, { listening: true, open: true });
      port.opened();
    },
    die(): void {
      state.listening = false;
    },
  };
}

test('the port stays open for WAIT_FOR_WORKER_MS after the last worker, then it is closed, and one line is logged', (t) => {
  const { listen, die, pass, isOpen, lines } = inherit(t);
  listen();
  pass(60_000);
  die();
  pass(WAIT_MS - TICK_MS);
  assert.deepEqual([isOpen(), lines], [true, []]);
  pass(TICK_MS);
  assert.equal(isOpen(), false);
  pass(60_000);
  assert.deepEqual(
    lines.map(({ msg, unserved_ms }) => [msg, unserved_ms]),
    [['no worker listens; closing the port', WAIT_MS]],
  );
});

test('a worker that listens in time keeps the port open, and one that listens later opens it again', (t) => {
  const { listen, die, pass, isOpen } = inherit(t);
  for (let round = 0; round < 3; round++) {
    listen();
    die();
    pass(WAIT_MS - TICK_MS);
    assert.equal(isOpen(), true, 'also after a worker that exited between two checks');
  }
  pass(WAIT_MS);
  assert.equal(isOpen(), false);
  listen();
  pass(60_000);
  assert.equal(isOpen(), true);
});

test('a closed port that a worker opens again is not closed before the message of the worker arrives', (t) => {
  const { beginToListen, pass, isOpen } = inherit(t);
  pass(WAIT_MS);
  beginToListen();
  pass(TICK_MS);
  assert.equal(isOpen(), true);
});

test('a port that is closed while the message of a worker is on its way is open after the message', (t) => {
  const { beginToListen, reportListening, pass, isOpen } = inherit(t);
  beginToListen();
  pass(WAIT_MS);
  assert.equal(isOpen(), false);
  reportListening();
  pass(60_000);
  assert.equal(isOpen(), true);
});
