import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ComposeProject, ROOT } from '../../../../e2e/support/compose-project.ts';

const COMPOSE_FILE = 'kit/bench/stack/peers/compose.yml';

/** Apps in kit/bench/stack/peers. */
export type PeerApp = 'bare.mjs' | 'prom-client.mjs';

/** A stack of kit/bench/stack/peers: nginx in front of a cluster with 2 workers. */
export function peerStack(name: string, app: PeerApp): ComposeProject {
  const variables = {
    PEER_APP: app,
    NODE_IMAGE: baseImage('NODE_BASE', 'demo-app/Dockerfile'),
    NGINX_IMAGE: baseImage('NGINX_BASE', 'nginx/Dockerfile'),
  };
  return new ComposeProject(`peer-${name}`, [], variables, COMPOSE_FILE);
}

/** Returns the base image that .ci/base-images chose, or the official one, which the Dockerfile names. */
function baseImage(variable: string, dockerfile: string): string {
  const chosen = process.env[variable];
  if (chosen !== undefined && chosen !== 'official') return chosen;
  const [, official] = /^FROM (\S+) AS official$/m.exec(readFileSync(join(ROOT, dockerfile), 'utf8')) ?? [];
  if (official === undefined) throw new Error(`${dockerfile} names no official base image`);
  return official;
}
