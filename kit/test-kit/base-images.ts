import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const BASE_IMAGES = resolve(import.meta.dirname, '../../.ci/base-images');

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
