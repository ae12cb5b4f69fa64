import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Written by `npm run bench`, read by report.ts. */
export const BENCH_JSON = resolve(ROOT, 'reports/bench.json');

/** Written by `npm run bench -- stack`. */
export const STACK_JSON = resolve(ROOT, 'reports/stack.json');

/** Written by `npm run bench -- host`. */
export const HOST_JSON = resolve(ROOT, 'reports/host.json');

/** Written by `npm run bench -- back-ends`. */
export const BACK_ENDS_JSON = resolve(ROOT, 'reports/back-ends.json');

/** Written by `npm run bench -- prometheus`. */
export const PROMETHEUS_JSON = resolve(ROOT, 'reports/prometheus.json');

export const BENCH_PAGE = resolve(ROOT, 'docs/explanation/bench.md');
export const LOAD_PAGE = resolve(ROOT, 'docs/explanation/load.md');
export const README = resolve(ROOT, 'README.md');

/** Scripts that write figures, as the marks on the pages name them. */
export const BENCH_SCRIPT = 'kit/bench/library/report.ts';
export const STACK_COST_SCRIPT = 'kit/bench/stack/cost/report.ts';
export const SHEDDING_SCRIPT = 'kit/bench/stack/shedding.ts';
export const PROMETHEUS_SCRIPT = 'kit/bench/prometheus/write-page.ts';
