import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const BASE_IMAGES = join(ROOT, '.ci/base-images');

/**
 * Runs .ci/base-images, which provides the base images, and sets its output in `env` for compose. Its messages go to stderr. Throws if
 * an image is not available.
 */
export function chooseBaseImages(env: NodeJS.ProcessEnv = process.env): void {
  const { status, signal, stdout, error } = spawnSync(BASE_IMAGES, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env,
  });
  if (status !== 0) {
    throw new Error(`.ci/base-images exited with ${error?.message ?? status ?? signal}`, { cause: error });
  }
  for (const [, name, image] of stdout.matchAll(/^([A-Z_]+_BASE)=(\S+)$/gm)) env[name!] = image!;
}

/** Returns the base image that .ci/base-images chose, or the official one, which the Dockerfile names. */
export function baseImage(variable: string, dockerfile: string): string {
  const chosen = process.env[variable] || 'official';
  if (chosen !== 'official') return chosen;
  const [, official] = /^FROM (\S+) AS official$/m.exec(readFileSync(join(ROOT, dockerfile), 'utf8')) ?? [];
  if (official === undefined) throw new Error(`${dockerfile} names no official base image`);
  return official;
}
