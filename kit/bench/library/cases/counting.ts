/** `node counting.ts <measure> <side>` prints the nanoseconds of one call. */
import { share } from 'prom-multiproc';
import { quantile } from '../../stats/spread.ts';
import { type Client, clientOf, isOurs } from '../sides.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const LABELS = ['method', 'route', 'status'];
const ROUNDS = 7;
const WARM_UP = 200_000;
/** Some machines report processor time in steps of milliseconds. */
const ROUND_MICROSECONDS = 80_000;

const routes = Array.from({ length: 20 }, (_, i) => `/route/${i}`);
const reused = routes.map((route) => ({ method: 'GET', route, status: '200' }));

const [name, side] = process.argv.slice(2) as [string, string];
const client: Client = clientOf(side);
const register = new client.Registry();

function counter() {
  return new client.Counter({ name: 'a_total', help: 'A', labelNames: LABELS, registers: [register] });
}

function histogram() {
  const config = { name: 'h', help: 'H', labelNames: LABELS, buckets: BUCKETS };
  return new client.Histogram({ ...config, registers: [register] });
}

function gauge() {
  return new client.Gauge({ name: 'g', help: 'G', labelNames: LABELS, registers: [register] });
}

const MEASURES: Record<string, () => (i: number) => void> = {
  inc_labels() {
    const one = counter();
    return (i) => one.inc(reused[i % 20]!);
  },
  /** New strings in every call: V8 has not internalized them. */
  inc_labels_fresh() {
    const one = counter();
    return (i) => one.inc({ method: 'GET', route: `/route/${i % 20}`, status: `${200 + (i % 2)}` });
  },
  inc_bound() {
    const one = counter();
    const children = reused.map((labels) => one.labels(labels));
    return (i) => children[i % 20]!.inc();
  },
  /** `labels()` for each count, as in applications that keep no child. */
  inc_child() {
    const one = counter();
    return (i) => one.labels('GET', routes[i % 20]!, '200').inc();
  },
  observe_labels() {
    const one = histogram();
    return (i) => one.observe(reused[i % 20]!, (i % 100) / 10);
  },
  observe_labels_fresh() {
    const one = histogram();
    return (i) => {
      const labels = { method: 'GET', route: `/route/${i % 20}`, status: `${200 + (i % 2)}` };
      one.observe(labels, (i % 100) / 10);
    };
  },
  observe_bound() {
    const one = histogram();
    const children = reused.map((labels) => one.labels(labels));
    return (i) => children[i % 20]!.observe((i % 100) / 10);
  },
  observe_child() {
    const one = histogram();
    return (i) => one.labels('GET', routes[i % 20]!, '200').observe((i % 100) / 10);
  },
  set_child() {
    const one = gauge();
    return (i) => one.labels('GET', routes[i % 20]!, '200').set(i);
  },
};

/** Median of the rounds, in processor time of this thread. */
function nanoseconds(act: (i: number) => void): number {
  const time = (calls: number): number => {
    const began = process.threadCpuUsage();
    for (let i = 0; i < calls; i++) act(i);
    const { user, system } = process.threadCpuUsage(began);
    return user + system;
  };
  time(WARM_UP);
  let calls = WARM_UP;
  while (time(calls) < ROUND_MICROSECONDS) calls *= 2;
  return (
    (quantile(
      Array.from({ length: ROUNDS }, () => time(calls)),
      0.5,
    ) *
      1000) /
    calls
  );
}

const make = MEASURES[name];
if (make === undefined)
  throw new Error(`unknown measure ${name}; the measures are ${Object.keys(MEASURES).join(', ')}`);
if (isOurs(side)) {
  process.env.PROMETHEUS_MULTIPROC_DIR = temporaryDirectory();
  share(register);
}
console.log(nanoseconds(make()));
