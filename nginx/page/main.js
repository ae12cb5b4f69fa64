import { ask } from './ask.js';
import { byId } from './dom.js';
import { Pinger } from './pinger.js';
import { Readings, Workers } from './readings.js';
import { createView } from './view.js';

/** @typedef {import('./chart.js').Mark} Mark */

const WINDOW_SECONDS = 30;
/** After each answer. A worker's answer may be 250 ms old: this much later none is older than the last one was. */
const ASK_EVERY_MS = 500;
const SILENT_AFTER_MS = 700;
const ATTEMPTS = 4;
/** Less than the six connections a browser has: one is left to ask, one to press a button. */
const PINGS_ON_THE_WAY = 3;
const PING_TIMEOUT_MS = 3000;
const FORGET_WORKER_MS = 20_000;
const BLOCK_MS = 4000;

const readings = new Readings(WINDOW_SECONDS * 1000);
const workers = new Workers(FORGET_WORKER_MS);
const view = createView(WINDOW_SECONDS);
const pinger = new Pinger(
  async () => (await request('/ping', 'GET', PING_TIMEOUT_MS))?.ok === true,
  PINGS_ON_THE_WAY,
);
/** @type {Mark[]} */
let marks = [];

/** @param {string} path @param {'GET' | 'POST'} method @param {number} timeoutMs */
async function request(path, method, timeoutMs) {
  try {
    const response = await fetch(path, { method, cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    return { ok: response.ok, text: await response.text() };
  } catch {
    // Cut off or too late: the caller says what that means.
    return undefined;
  }
}

async function read() {
  const round = await ask((path, init) => fetch(path, init), {
    timeoutMs: SILENT_AFTER_MS,
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
  if (any !== null) workers.hear(any.worker, any.own, at);
  marks = marks.filter((mark) => at - mark.at < WINDOW_SECONDS * 1000);
  view.show({ at, round, readings, workers: workers.list(at), marks, answered: pinger.answered });
}

/** Reads and pings only while somebody looks. */
async function watch() {
  for (;;) {
    if (document.hidden)
      await new Promise((seen) => document.addEventListener('visibilitychange', seen, { once: true }));
    else await read();
    await new Promise((later) => setTimeout(later, ASK_EVERY_MS));
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
    view.say(`That did not work: ${path} was not answered. Try again.`);
    return;
  }
  const { worker } = JSON.parse(answer.text);
  marks.push({ at: performance.now(), text: what.replace('#', String(worker)) });
  done(worker);
}

const run = byId('run', HTMLButtonElement);
const rate = byId('rate', HTMLInputElement);

const sending = () => `Sending ${rate.value} pings a second.`;

function stop() {
  pinger.stop();
  run.textContent = 'Start pinging';
}

run.addEventListener('click', () => {
  if (pinger.running) {
    stop();
    const { answered, unanswered } = pinger;
    view.say(
      `Stopped. Of all pings ${answered} were answered${unanswered > 0 ? `, ${unanswered} were not` : ''}.`,
    );
  } else {
    pinger.start();
    run.textContent = 'Stop pinging';
    view.say(sending());
  }
});

byId('one', HTMLButtonElement).addEventListener('click', async () => {
  view.say((await pinger.one()) ? 'The ping was answered.' : 'The ping was not answered.');
});

rate.addEventListener('input', () => {
  byId('rate-shown', HTMLSpanElement).textContent = rate.value;
  pinger.rate(rate.valueAsNumber);
  if (pinger.running) view.say(sending());
});

byId('kill', HTMLButtonElement).addEventListener('click', () =>
  control('/demo/faults/kill', 'worker # killed', (worker) => {
    workers.end(worker, performance.now());
    view.say(`Worker ${worker} was killed, and its own count with it. The shared count has all it counted.`);
  }),
);

byId('block', HTMLButtonElement).addEventListener('click', () =>
  control(`/demo/faults/block?ms=${BLOCK_MS}`, 'worker # blocked', (worker) => {
    view.say(
      `Worker ${worker} answers nobody for ${BLOCK_MS / 1000} seconds. The shared count is told by any other.`,
    );
  }),
);

byId('reload', HTMLButtonElement).addEventListener('click', () =>
  control('/demo/reload', 'replacing all', () => {
    view.say('One worker after the other is replaced: new ones begin at 0, the shared count goes on.');
  }),
);

document.addEventListener('visibilitychange', () => {
  if (document.hidden && pinger.running) stop();
});

pinger.rate(rate.valueAsNumber);
await watch();
