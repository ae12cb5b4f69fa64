import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const PROVIDE = resolve(import.meta.dirname, '../../scripts/lib/host/provide.sh');
const FIND = '. "$1"; find_prometheus; printf %s "$prometheus"';

/** Returns the Prometheus that a stack on this host would run, by the rule of `scripts/up --host`; empty if there is none. */
export function hostPrometheus(): string {
  return execFileSync('sh', ['-c', FIND, 'sh', PROVIDE], { encoding: 'utf8' });
}

export function hasHostPrometheus(): boolean {
  return hostPrometheus() !== '';
}
