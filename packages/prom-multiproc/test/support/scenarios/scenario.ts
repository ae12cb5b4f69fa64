import type client from 'prom-client';

/** Ways to use prom-client, each done to a registry of its own. */
export type Scenarios = Record<string, (register: client.Registry, prom: typeof client) => void>;
