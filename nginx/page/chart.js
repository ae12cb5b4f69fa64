import { rowsOf } from './label-rows.js';

/** uPlot. index.html loads it before this module. */
const uPlot = /** @type {{ uPlot: typeof import('uplot') }} */ (/** @type {unknown} */ (globalThis)).uPlot;

/**
 * A vertical mark for a fault or a reload.
 * @typedef {{ at: number, text: string }} Mark
 *
 * @typedef {object} Shown
 * @property {[number[], (number | null)[]]} columns seconds before now, and values
 * @property {{ x: number, text: string }[]} marks
 * @property {number} top
 */

const HEIGHT = 234;
/** Rows above the plot for the labels of the marks. */
const LABELS = { rows: 2, height: 14, gap: 6 };
const FONT = '12px system-ui, sans-serif';

/**
 * Draws a line chart of the last `seconds` into the element. The line has the `color` of the element, and the axes have that of its
 * child `.axis`.
 *
 * @param {HTMLElement} element
 * @param {number} seconds
 */
export function lineChart(element, seconds) {
  /** @type {Shown} */
  let shown = { columns: [[], []], marks: [], top: 10 };
  const ink = element.querySelector('.axis') ?? element;
  const lineColor = () => getComputedStyle(element).color;
  const inkColor = () => getComputedStyle(ink).color;
  const faint = () => `color-mix(in srgb, ${inkColor()} 16%, transparent)`;

  const plot = new uPlot(
    {
      width: Math.max(element.clientWidth, 1),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      padding: [4 + LABELS.rows * LABELS.height, 18, 0, 0],
      scales: {
        x: { time: false, range: () => [-seconds, 0] },
        y: { range: () => [0, shown.top] },
      },
      series: [
        {},
        {
          stroke: lineColor,
          fill: () => `color-mix(in srgb, ${lineColor()} 10%, transparent)`,
          width: 2,
          points: { show: true, size: 5, fill: lineColor, stroke: lineColor },
        },
      ],
      axes: [
        {
          stroke: inkColor,
          font: FONT,
          grid: { show: false },
          ticks: { show: false },
          size: 28,
          space: 70,
          values: (_plot, splits) => splits.map((at) => (at === 0 ? 'now' : `${at} s`)),
        },
        {
          stroke: inkColor,
          font: FONT,
          grid: { stroke: faint, width: 1 },
          ticks: { show: false },
          size: 52,
          space: 44,
          values: (_plot, splits) => splits.map((value) => value.toLocaleString('en')),
        },
      ],
      hooks: { draw: [drawMarks] },
    },
    shown.columns,
    element,
  );

  /** @param {import('uplot')} self */
  function drawMarks({ ctx, bbox, valToPos }) {
    ctx.save();
    ctx.strokeStyle = inkColor();
    ctx.fillStyle = inkColor();
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = FONT.replace('12px', `${12 * devicePixelRatio}px`);
    const labels = shown.marks.map(({ x, text }) => {
      const left = valToPos(x, 'x', true);
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
      const wide = ctx.measureText(text).width;
      const from = Math.min(Math.max(left - wide / 2, bbox.left), bbox.left + bbox.width - wide);
      return { text, wide, from };
    });
    const room = { rows: LABELS.rows, gap: LABELS.gap * devicePixelRatio };
    for (const { label, row } of rowsOf(labels.reverse(), room)) {
      if (row === undefined) continue;
      ctx.fillText(label.text, label.from, bbox.top - (5 + row * LABELS.height) * devicePixelRatio);
    }
    ctx.restore();
  }

  new ResizeObserver(() => plot.setSize({ width: Math.max(element.clientWidth, 1), height: HEIGHT })).observe(
    element,
  );
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw());

  return {
    /** @param {Shown} next */
    show(next) {
      shown = next;
      plot.setData(next.columns);
    },
  };
}
