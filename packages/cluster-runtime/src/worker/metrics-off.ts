import type { Registry } from 'prom-client';

const WRITING = ['inc', 'dec', 'set', 'observe'];

/** Makes counting cost nothing, for METRICS=0: what is left is the application without its metrics. */
export function switchOff(register: Registry): void {
  for (const metric of register.getMetricsAsArray()) {
    const methods = metric as unknown as Record<string, unknown>;
    for (const method of WRITING) if (method in metric) methods[method] = () => {};
  }
}
