import { Counter, register } from 'prom-client';
import { share } from 'prom-multiproc';

share(register);
// Each route may be a bundle of its own.
export const hits = register.getSingleMetric('hits_total') ?? new Counter({ name: 'hits_total', help: 'x' });
export { register };
