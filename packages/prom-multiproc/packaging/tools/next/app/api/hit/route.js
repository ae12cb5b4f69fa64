import { hits } from '../../../metrics.js';

export const dynamic = 'force-dynamic';

export function GET() {
  hits.inc();
  return new Response('counted');
}
