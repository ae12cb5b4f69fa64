import { createServer } from 'node:net';
import { Stack } from '../../e2e/support/stack.ts';

/**
 * A stack on free ports of its own choice: with ports that the engine chooses, a container that is started again would get
 * others.
 */
export async function startChaosStack(sharing: boolean): Promise<Stack> {
  const [publicPort, metricsPort, prometheusPort] = await freePorts(3);
  return Stack.start({
    sharing,
    // Each request is found in nginx's log by its number, which is in the query.
    overrides: ['kit/chaos/log-path.compose.yml'],
    environment: {
      PUBLIC_PORT: String(publicPort),
      METRICS_HOST_PORT: String(metricsPort),
      PROMETHEUS_PORT: String(prometheusPort),
    },
  });
}

/** Below those that the system gives to outgoing connections: one of these would hold a port of a stopped container. */
const LOWEST_PORT = 20_000;
const PORTS = 10_000;

async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
