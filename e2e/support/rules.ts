import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  temporaryDirectory,
  thisProcess,
} from '../../packages/prom-multiproc/test/support/temporary-directory.ts';

const SHIPPED = join(import.meta.dirname, '../../prometheus/rules');
const SECONDS = { s: 1, m: 60, h: 3_600 };

/** Returns the rules with the `for` and `keep_firing_for` of each alert divided by `divisor`. */
export function shortened(rules: string, divisor: number): string {
  return rules.replaceAll(
    /^( +(?:for|keep_firing_for): )(\d+)([smh])$/gm,
    (_, key: string, count: string, unit: string) => {
      const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
      return `${key}${Math.ceil(seconds / divisor)}s`;
    },
  );
}

/** A copy of the shipped rules, which given-rules.compose.yml mounts into Prometheus. They can be shortened while it runs. */
export class Rules {
  readonly directory: string = temporaryDirectory(thisProcess);

  constructor() {
    cpSync(SHIPPED, this.directory, { recursive: true });
    // Prometheus runs as another user.
    chmodSync(this.directory, 0o755);
  }

  /** Removes a file of rules. Prometheus reads the rules again on SIGHUP. */
  remove(name: string): void {
    rmSync(join(this.directory, name));
  }

  /** Divides the `for` and `keep_firing_for` of each alert. Prometheus reads the rules again on SIGHUP. */
  shorten(divisor: number): void {
    for (const name of readdirSync(this.directory)) {
      const path = join(this.directory, name);
      writeFileSync(path, shortened(readFileSync(path, 'utf8'), divisor));
    }
  }
}
