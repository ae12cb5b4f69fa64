import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { baseImage } from '../../test-kit/base-images.ts';
import { docker, dockerClient } from '../../test-kit/docker.ts';

/** Builds and copies images for specs that run another engine in a privileged container. */

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../..');
const TIMEOUT_MS = 10 * 60_000;
const TAG = process.env.IMAGE_TAG || 'latest';

/** Builds images of the compose file. Returns their names. */
export async function buildServices(...services: string[]): Promise<string[]> {
  const compose = ['compose', '--project-directory', ROOT, 'build', '--quiet', ...services];
  await docker(compose, { ...process.env, IMAGE_TAG: TAG }, TIMEOUT_MS);
  return services.map((service) => `pandoras-express-${service}:${TAG}`);
}

/** Builds the image of an engine from a folder of kit/specs, on Debian with apt. Returns its name. */
export async function buildEngine(folder: string): Promise<string> {
  const image = `pandoras-express-${folder}:${TAG}`;
  const base = `NODE_BASE=${baseImage('NODE_BASE', 'demo-app/Dockerfile')}`;
  const context = resolve(ROOT, 'kit/specs', folder);
  await docker(['build', '--quiet', '--build-arg', base, '--tag', image, context], process.env, TIMEOUT_MS);
  return image;
}

/** Copies images to the engine in a container, whose command is `docker` or `podman`. */
export async function copyImages(
  images: readonly string[],
  container: string,
  command: string,
): Promise<void> {
  const script =
    'client=$0 container=$1 command=$2; shift 2; "$client" save "$@" | "$client" exec --interactive "$container" "$command" load --quiet';
  await run('sh', ['-euc', script, dockerClient(), container, command, ...images], { timeout: TIMEOUT_MS });
}
