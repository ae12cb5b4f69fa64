import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const BASE_IMAGES = resolve(import.meta.dirname, '../../.ci/base-images');

/**
 * Puts the images in place that the Dockerfiles start from, and tells compose by the environment of this process and its children
 * which ones they are. What it says on the way goes to standard error. Throws where one cannot be had.
 */
export function chooseBaseImages(env: NodeJS.ProcessEnv = process.env): void {
  const { status, signal, stdout, error } = spawnSync(BASE_IMAGES, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    env,
  });
  if (status !== 0) {
    throw new Error(`.ci/base-images ended with ${error?.message ?? status ?? signal}`, { cause: error });
  }
  for (const [, name, image] of stdout.matchAll(/^([A-Z_]+_BASE)=(\S+)$/gm)) env[name!] = image!;
}
