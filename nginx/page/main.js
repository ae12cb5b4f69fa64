import { controlFailure } from './control-failure.js';
import { byId } from './dom.js';
import { Pinger } from './pinger.js';
import { readCounts } from './read-counts.js';
import { Readings, Workers } from './readings.js';
import { createView } from './view.js';

/** @typedef {import('./chart.js').Mark} Mark */

const WINDOW_SECONDS = 30;
/** Pause after each reading. A total may be 250 ms old, so after this pause no total is older than the last one. */
const READ_EVERY_MS = 500;
const READ_TIMEOUT_MS = 700;
const ATTEMPTS = 4;
/** Fewer than the six connections of a browser, which leaves some for readings and buttons. */
const MAX_PENDING_PINGS = 3;
const PING_TIMEOUT_MS = 3000;
const FORGET_WORKER_MS = 20_000;
const BLOCK_MS = 4000;

const readings = new Readings(WINDOW_SECONDS * 1000);
const workers = new Workers(FORGET_WORKER_MS);
const view = createView(WINDOW_SECONDS);
const pinger = new Pinger(
  async () => (await request('/ping', 'GET', PING_TIMEOUT_MS))?.ok === true,
  MAX_PENDING_PINGS,
);
/** @type {Mark[]} */
let marks = [];

/** @param {string} path @param {'GET' | 'POST'} method @param {number} timeoutMs */
async function request(path, method, timeoutMs) {
  try {
    const response = await fetch(path, { method, cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    return { ok: response.ok, status: response.status, text: await response.text() };
  } catch {
    // A timeout or a closed connection.
    return undefined;
  }
}

async function read() {
  const round = await readCounts((path, init) => fetch(path, init), {
    timeoutMs: READ_TIMEOUT_MS,
    attempts: ATTEMPTS,
  });
  const { first, any } = round;
  const at = performance.now();
  readings.add({
    at,
    worker: first?.worker ?? null,
    own: first?.own ?? null,
    shared: any?.shared ?? null,
  });
  if (any !== null) workers.update(any.worker, any.own, at);
  marks = marks.filter((mark) => at - mark.at < WINDOW_SECONDS * 1000);
  view.show({ at, round, readings, workers: workers.list(at), marks, answered: pinger.answered });
}

/** Reads the counts while the page is visible. */
async function watch() {
  for (;;) {
    if (document.hidden)
      await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
    else await read();
    await new Promise((later) => setTimeout(later, READ_EVERY_MS));
  }
}

/**
 * @param {string} path
 * @param {string} what
 * @param {(worker: number) => void} done
 */
async function control(path, what, done) {
  const answer = await request(path, 'POST', PING_TIMEOUT_MS);
  if (!answer?.ok) {
    view.announce(controlFailure(path, answer));
    return;
  }
  const { worker } = JSON.parse(answer.text);
  marks.push({ at: performance.now(), text: what.replace('#', String(worker)) });
  done(worker);
}

const run = byId('run', HTMLButtonElement);
const rate = byId('rate', HTMLInputElement);

const sending = () => `Sending ${rate.value} pings per second.`;

function stop() {
  pinger.stop();
  run.textContent = 'Start pinging';
}

run.addEventListener('click', () => {
  if (pinger.running) {
    stop();
    const { answered, unanswered } = pinger;
    view.announce(
      `Stopped. Of all pings ${answered} were answered${unanswered > 0 ? `, ${unanswered} were not` : ''}.`,
    );
  } else {
    pinger.start();
    run.textContent = 'Stop pinging';
    view.announce(sending());
  }
});

byId('one', HTMLButtonElement).addEventListener('click', async () => {
  if (pinger.full) view.announce(`The ping was not sent: ${MAX_PENDING_PINGS} pings are pending.`);
  else view.announce((await pinger.one()) ? 'The ping was answered.' : 'The ping failed.');
});

rate.addEventListener('input', () => {
  byId('rate-shown', HTMLSpanElement).textContent = rate.value;
  pinger.rate(rate.valueAsNumber);
  if (pinger.running) view.announce(sending());
});

byId('kill', HTMLButtonElement).addEventListener('click', () =>
  control('/demo/faults/kill', 'worker # killed', (worker) => {
    workers.end(worker, performance.now());
    view.announce(
      `Worker ${worker} was killed. Its own count is lost; the shared count keeps everything it counted.`,
    );
  }),
);

byId('block', HTMLButtonElement).addEventListener('click', () =>
  control(`/demo/faults/block?ms=${BLOCK_MS}`, 'worker # blocked', (worker) => {
    view.announce(
      `Worker ${worker} is blocked for ${BLOCK_MS / 1000} seconds. The other workers return the shared count.`,
    );
  }),
);

byId('reload', HTMLButtonElement).addEventListener('click', () =>
  control('/demo/reload', 'reload', () => {
    view.announce(
      'All workers are replaced, one at a time. New workers start at 0; the shared count continues.',
    );
  }),
);

document.addEventListener('visibilitychange', () => {
  if (document.hidden && pinger.running) stop();
});

pinger.rate(rate.valueAsNumber);
await watch();
