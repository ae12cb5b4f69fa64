import { lineChart } from './chart.js';
import { byId, make } from './dom.js';

/**
 * @typedef {import('./read-counts.js').Round} Round
 * @typedef {import('./chart.js').Mark} Mark
 * @typedef {import('./readings.js').Counter} Counter
 * @typedef {import('./readings.js').KnownWorker} KnownWorker
 * @typedef {import('./readings.js').Readings} Readings
 *
 * @typedef {object} State
 * @property {number} at
 * @property {Round} round
 * @property {Readings} readings
 * @property {KnownWorker[]} workers
 * @property {Mark[]} marks
 * @property {number} answered
 */

const ROWS = 10;
/** Redraw interval of the charts with reduced motion. */
const REDUCED_MOTION_MS = 3000;

/** Notices for `without`, if there is no shared count. */
const WITHOUT = {
  off: 'METRICS=0 switches metrics off, so there is no shared count.',
  unshared: 'PROMETHEUS_MULTIPROC_DIR is not set, so workers share no metrics and there is no shared count.',
  broken: 'The workers cannot share metrics now. The log of the app has the reason.',
  'no-pings': 'This app does not count pings, so there is no count to show.',
};
const SILENT = 'The app does not respond. The page keeps trying.';
const MISSING =
  'There is no count to show, because this app has no /demo/counts: DEMO_PAGE is 0, or the demonstration was removed. Unset DEMO_PAGE, or replace this page with your own.';

const number = (/** @type {number | null} */ value) => (value === null ? '–' : value.toLocaleString('en'));
const times = (/** @type {number} */ count) => (count === 1 ? '1 time' : `${number(count)} times`);

/** Creates the view, which shows a state in the page. @param {number} windowSeconds */
export function createView(windowSeconds) {
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
  const notice = byId('notice', HTMLParagraphElement);
  const list = byId('workers', HTMLUListElement);
  const table = byId('readings', HTMLTableSectionElement);
  const charts = {
    own: lineChart(byId('own-chart', HTMLDivElement), windowSeconds),
    shared: lineChart(byId('shared-chart', HTMLDivElement), windowSeconds),
  };
  let drawnAt = Number.NEGATIVE_INFINITY;

  /** @param {string} id @param {string} text */
  function put(id, text) {
    const element = byId(id, HTMLElement);
    if (element.textContent !== text) element.textContent = text;
  }

  /** @param {'own' | 'shared'} which @param {State} state @param {string} source */
  function panel(which, { readings }, source) {
    const counter = readings[which];
    const now = readings.recent.at(-1)?.[which] ?? null;
    const fell = counter.last === null ? '' : `It fell ${times(counter.falls)}.`;
    put(`${which}-now`, number(now));
    put(`${which}-source`, source);
    put(`${which}-falls`, fell);
    put(`${which}-increase`, number(counter.last === null ? null : counter.increase));
  }

  /** @param {State} state */
  function draw({ at, readings, marks }) {
    if (reducedMotion.matches && at - drawnAt < REDUCED_MOTION_MS) return;
    drawnAt = at;
    const top = readings.top();
    const shownMarks = marks.map((mark) => ({ x: (mark.at - at) / 1000, text: mark.text }));
    for (const which of /** @type {const} */ (['own', 'shared'])) {
      charts[which].show({ columns: readings.columns(which, at), marks: shownMarks, top });
      const { last, falls } = readings[which];
      const whose = which === 'own' ? 'one worker’s own count' : 'the shared count';
      byId(`${which}-chart`, HTMLDivElement).setAttribute(
        'aria-label',
        `Line chart of ${whose} over the last ${windowSeconds} seconds: now ${number(last)}, it fell ${times(falls)}`,
      );
    }
  }

  /** @param {State} state */
  function showWorkers({ round, workers }) {
    const most = Math.max(1, ...workers.map(({ own }) => own));
    list.replaceChildren(
      ...workers.map(({ worker, own, killed }) => {
        const item = make('li', '');
        const name = `worker ${worker}`;
        const meter = make('meter', '', {
          min: '0',
          max: String(most),
          value: String(own),
          'aria-hidden': 'true',
        });
        item.append(make('span', name), meter, make('span', number(own)));
        if (killed) item.className = 'killed';
        else if (worker === round.first?.worker) item.setAttribute('aria-current', 'true');
        return item;
      }),
    );
  }

  /** @param {State} state */
  function showTable({ at, readings }) {
    table.replaceChildren(
      ...readings.recent
        .slice(-ROWS)
        .reverse()
        .map(({ at: then, worker, own, shared }) => {
          const row = make('tr', '');
          row.append(make('th', ((at - then) / 1000).toFixed(1), { scope: 'row' }));
          row.append(make('td', worker === null ? 'no answer' : String(worker)));
          row.append(make('td', number(own)), make('td', number(shared)));
          return row;
        }),
    );
  }

  /** @param {Round} round */
  function noticeOf({ any, missing }) {
    if (missing) return MISSING;
    if (any === null) return SILENT;
    return any.without === undefined ? '' : WITHOUT[any.without];
  }

  return {
    /** @param {State} state */
    show(state) {
      const { first, any } = state.round;
      const text = noticeOf(state.round);
      notice.hidden = text === '';
      put('notice', text);
      panel(
        'own',
        state,
        first === null ? 'The worker did not respond.' : `Worker ${first.worker} responded.`,
      );
      panel(
        'shared',
        state,
        any?.shared == null ? 'There is no correct total now.' : 'Every worker returns the same total.',
      );
      put('answered', number(state.answered));
      if (any !== null) {
        byId('break', HTMLElement).hidden = !any.controls;
        byId('how-to-break', HTMLParagraphElement).hidden = any.controls;
      }
      showWorkers(state);
      showTable(state);
      draw(state);
    },
    /** @param {string} text */
    announce(text) {
      put('message', text);
    },
  };
}
