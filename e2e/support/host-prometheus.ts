import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const PROVIDE = resolve(import.meta.dirname, '../../scripts/lib/host/provide.sh');
const FIND = '. "$1"; find_prometheus; printf %s "$prometheus"';

/** Whether a stack on this host would run Prometheus, by the rule of `scripts/up --host`. */
export function hasHostPrometheus(): boolean {
  return execFileSync('sh', ['-c', FIND, 'sh', PROVIDE], { encoding: 'utf8' }) !== '';
}
