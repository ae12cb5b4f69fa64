import type { Scenarios } from './scenario.ts';

/** Labels, escapes and default labels. */
export const LABELS: Scenarios = {
  'label values of any kind': (register, { Counter }) => {
    const counter = new Counter({ name: 'a_total', help: 'A', labelNames: ['x'], registers: [register] });
    for (const x of [1, '1', 1.5, -0, true, '', 'ü', '日本', '🙂', ' ', '#', '}', ',', '=', '{a="b"}']) {
      counter.inc({ x: x as string });
    }
    counter.inc({ x: { toString: () => 'object' } as unknown as string });
    counter.inc({ x: ['a', 'b'] as unknown as string });
    // @prometheus-io/client does not distinguish null from ''.
    const other = new Counter({ name: 'b_total', help: 'B', labelNames: ['x'], registers: [register] });
    other.inc({ x: null as unknown as string });
  },
  escapes: (register, { Counter, Gauge, Histogram, Summary }) => {
    const labelNames = ['x'];
    const help = 'back\\slash, "quotes" and\nline feed';
    const labels = { x: 'back\\slash, "quotes",\nline feed, \\n and \\"' };
    new Counter({ name: 'a_total', help, labelNames, registers: [register] }).inc(labels);
    new Gauge({ name: 'b', help, labelNames, registers: [register] }).inc(labels);
    new Histogram({ name: 'c', help, labelNames, registers: [register] }).observe(labels, 1);
    new Summary({ name: 'd', help, labelNames, registers: [register] }).observe(labels, 1);
  },
  'default labels': (register, { Counter, Gauge, Histogram, Summary }) => {
    register.setDefaultLabels({ app: 'pan"dora', x: 'default', n: 1 });
    const labelNames = ['x', 'y'];
    new Counter({ name: 'a_total', help: 'A', labelNames, registers: [register] }).inc({ y: '1' });
    new Counter({ name: 'b_total', help: 'B', registers: [register] }).inc();
    new Gauge({ name: 'c', help: 'C', labelNames, registers: [register] }).set({ x: '1' }, 1);
    const histogram = new Histogram({ name: 'd', help: 'D', labelNames, registers: [register] });
    histogram.observe({ x: '1' }, 1);
    histogram.observe({ y: '1' }, 1);
    new Summary({ name: 'e', help: 'E', labelNames, registers: [register] }).observe({ y: '2' }, 1);
  },
};
