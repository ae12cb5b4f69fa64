import { Counter, register } from 'prom-client';
import { share } from 'prom-multiproc';

share(register);
// Next.js may load this module once for each route.
export const hits = register.getSingleMetric('hits_total') ?? new Counter({ name: 'hits_total', help: 'x' });
export { register };
