import { ComposeProject } from '../../../../e2e/support/compose-project.ts';
import { baseImage } from '../../../test-kit/base-images.ts';

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
