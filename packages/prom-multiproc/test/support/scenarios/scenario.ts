import type client from 'prom-client';

/** Ways to use prom-client, by name. Each gets its own registry. */
export type Scenarios = Record<string, (register: client.Registry, prom: typeof client) => void>;
