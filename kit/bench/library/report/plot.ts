import type { Report } from '../../stats/comparison.ts';
import type { Spread } from '../../stats/spread.ts';
import { PEERS } from '../sides.ts';
import { LogScale } from './log-scale.ts';
import { number } from './number.ts';

const SIDES = ['ours', ...PEERS];
const CLASSES: Record<string, string> = {
  ours: 'ours',
  'prom-client': 'prom',
  '@prometheus-io/client': 'prometheus',
};
const NAMES: Record<string, string> = { ours: 'prom-multiproc' };
const TOP = 64;
const BOTTOM = 330;
const LABEL_HEIGHT = 30;

interface Point {
  readonly x: number;
  readonly spread: Spread;
}

interface Panel {
  readonly title: string;
  readonly axis: string;
  readonly left: number;
  readonly width: number;
  readonly xs: readonly number[];
  readonly lines: readonly { readonly side: string; readonly points: readonly Point[] }[];
}

/** Scrape time by series and by processes, both scales logarithmic, readable on light and on dark paper. */
export function plot(report: Report): string {
  const panels: Panel[] = [
    {
      title: '8 processes',
      axis: 'series',
      left: 70,
      width: 220,
      ...linesOf(report, /^law_8x(\d+)$/),
    },
    {
      title: '10,000 series',
      axis: 'processes',
      left: 540,
      width: 220,
      ...linesOf(report, /^law_(\d+)x10000$/),
    },
  ];
  const spreads = panels.flatMap(({ lines }) =>
    lines.flatMap(({ points }) => points.map(({ spread }) => spread)),
  );
  const y = LogScale.decades(
    Math.min(...spreads.map(({ min }) => min)),
    Math.max(...spreads.map(({ max }) => max)),
    { from: BOTTOM, to: TOP },
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 390" role="img" aria-labelledby="title desc" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">
  <title id="title">What a scrape costs</title>
  <desc id="desc">Milliseconds of a scrape over HTTP by the number of series and by the number of processes: prom-multiproc, prom-client and @prometheus-io/client. Both scales are logarithmic.</desc>
  <style>
    text { fill: #1f2328; }
    .soft { fill: #57606a; font-size: 12px; }
    .grid { stroke: #d0d7de; }
    .name { font-weight: 600; }
    .line { fill: none; stroke-width: 2.5; }
    path.ours { stroke: #0969da; } path.prom { stroke: #bc4c00; } path.prometheus { stroke: #8250df; }
    .ours.mark, .ours.name { fill: #0969da; } .prom.mark, .prom.name { fill: #bc4c00; } .prometheus.mark, .prometheus.name { fill: #8250df; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .soft { fill: #9198a1; }
      .grid { stroke: #3d444d; }
      path.ours { stroke: #58a6ff; } path.prom { stroke: #f0883e; } path.prometheus { stroke: #bc8cff; }
      .ours.mark, .ours.name { fill: #58a6ff; } .prom.mark, .prom.name { fill: #f0883e; } .prometheus.mark, .prometheus.name { fill: #bc8cff; }
    }
  </style>
  <text x="20" y="24" class="name">Milliseconds of a scrape over HTTP</text>
${panels.map((panel) => drawPanel(panel, y)).join('\n')}
</svg>
`;
}

function linesOf(report: Report, pattern: RegExp): Pick<Panel, 'xs' | 'lines'> {
  const measured = Object.entries(report)
    .flatMap(([name, comparison]) => {
      const x = pattern.exec(name)?.[1];
      return x === undefined ? [] : [{ x: Number(x), comparison }];
    })
    .sort((a, b) => a.x - b.x);
  if (measured.length < 2)
    throw new Error(`the report has no law of cost to draw: ${pattern} fits ${measured.length}`);
  const lines = SIDES.map((side) => ({
    side,
    points: measured.flatMap(({ x, comparison }) => {
      const spread = comparison[side] as Spread | undefined;
      return spread === undefined ? [] : [{ x, spread }];
    }),
  }));
  return { xs: measured.map(({ x }) => x), lines };
}

function drawPanel({ title, axis, left, width, xs, lines }: Panel, y: LogScale): string {
  const x = new LogScale(xs[0]!, xs.at(-1)!, { from: left + 10, to: left + width - 10 });
  const right = left + width;
  const grid = y
    .powers()
    .map(
      (value) =>
        `  <path class="grid" d="M${left} ${at(y, value)}H${right}"/><text class="soft" x="${left - 8}" y="${at(y, value) + 4}" text-anchor="end">${number(value)}</text>`,
    );
  const ticks = xs.map(
    (value) =>
      `  <text class="soft" x="${at(x, value)}" y="${BOTTOM + 20}" text-anchor="middle">${number(value)}</text>`,
  );
  const drawn = lines.map(({ side, points }) => {
    const style = CLASSES[side]!;
    const path = points.map((p, i) => `${i === 0 ? 'M' : 'L'}${at(x, p.x)} ${at(y, p.spread.median)}`);
    const marks = points.map(
      (p) =>
        `<path class="${style}" d="M${at(x, p.x)} ${at(y, p.spread.min)}V${at(y, p.spread.max)}"/><circle class="${style} mark" cx="${at(x, p.x)}" cy="${at(y, p.spread.median)}" r="3.5"/>`,
    );
    return `  <path class="line ${style}" d="${path.join('')}"/>${marks.join('')}`;
  });
  return [
    ...grid,
    ...ticks,
    `  <text class="soft" x="${left + width / 2}" y="${BOTTOM + 42}" text-anchor="middle">${axis}</text>`,
    `  <text x="${left + width / 2}" y="${TOP - 14}" text-anchor="middle">${title}</text>`,
    ...drawn,
    ...labels(lines, xs.at(-1)!, right + 8, y),
  ].join('\n');
}

/** At the ends of the lines, moved apart where they would overlap. */
function labels(lines: Panel['lines'], lastX: number, left: number, y: LogScale): string[] {
  const wanted = lines
    .flatMap(({ side, points }) => {
      const last = points.at(-1);
      if (last === undefined) return [];
      const note = last.x === lastX ? `${number(last.spread.median)} ms` : `gives up at ${number(lastX)}`;
      return [{ side, note, top: at(y, last.spread.median) }];
    })
    .sort((a, b) => a.top - b.top);
  let above = Number.NEGATIVE_INFINITY;
  return wanted.map(({ side, note, top }) => {
    above = Math.max(top, above + LABEL_HEIGHT);
    return `  <text x="${left}" y="${above}" class="name ${CLASSES[side]}">${NAMES[side] ?? side}</text><text class="soft" x="${left}" y="${above + 14}">${note}</text>`;
  });
}

function at(scale: LogScale, value: number): number {
  return Math.round(scale.at(value) * 10) / 10;
}
