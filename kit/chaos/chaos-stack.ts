import { createServer } from 'node:net';
import { ComposeStack } from '../../e2e/support/compose-stack.ts';

/** Starts a stack on free ports. Ports that the engine chooses would change when a container restarts. */
export async function startChaosStack(sharing: boolean): Promise<ComposeStack> {
  const [publicPort, metricsPort, prometheusPort] = await freePorts(3);
  return ComposeStack.start({
    sharing,
    // Requests are found in the log of nginx by the number in their query.
    overrides: ['kit/chaos/log-path.compose.yml'],
    environment: {
      PUBLIC_PORT: String(publicPort),
      METRICS_HOST_PORT: String(metricsPort),
      PROMETHEUS_PORT: String(prometheusPort),
    },
  });
}

/** Below the ephemeral ports, because an outgoing connection could take the port of a stopped container. */
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
