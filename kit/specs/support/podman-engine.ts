import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { projectPrefix } from '../../../e2e/support/run-id.ts';
import { baseImage } from '../../test-kit/base-images.ts';
import { docker, dockerClient } from '../../test-kit/docker.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../..');
const DIRECTORY = join(ROOT, 'kit/specs/kubernetes');
const BUILD_TIMEOUT_MS = 10 * 60_000;
const TAG = process.env.IMAGE_TAG || 'latest';
const APP_IMAGE = `pandoras-express-app:${TAG}`;
const PODMAN_IMAGE = `pandoras-express-podman:${TAG}`;

export interface ContainerFacts {
  readonly State: { readonly Pid: number; readonly ExitCode: number; readonly OOMKilled: boolean };
  readonly Config: { readonly StopTimeout: number; readonly User: string };
  readonly EffectiveCaps: readonly string[];
  readonly HostConfig: {
    readonly Memory: number;
    readonly NanoCpus: number;
    readonly ReadonlyRootfs: boolean;
    readonly SecurityOpt: readonly string[];
  };
}

/** podman in a privileged container, with the app image of this checkout. It runs one pod, which `play` starts. */
export class PodmanEngine {
  readonly #name: string;
  /** The app's container of the pod: podman names it by pod and container. */
  readonly container = 'app-pod-app';
  publicUrl = '';
  metricsUrl = '';

  private constructor() {
    this.#name = `${projectPrefix}-${process.pid}-podman`;
  }

  /** Builds both images and loads the app's under the name that the base uses. */
  static async start(imageOfPod: string): Promise<PodmanEngine> {
    const engine = new PodmanEngine();
    const compose = ['compose', '--project-directory', ROOT, 'build', '--quiet', 'app'];
    await docker(compose, { ...process.env, IMAGE_TAG: TAG }, BUILD_TIMEOUT_MS);
    // Debian with apt.
    const node = baseImage('NODE_BASE', 'demo-app/Dockerfile');
    const build = ['build', '--quiet', '--build-arg', `NODE_BASE=${node}`, '--tag', PODMAN_IMAGE, DIRECTORY];
    await docker(build, process.env, BUILD_TIMEOUT_MS);
    const ports = [8041, 9041].flatMap((port) => ['--publish', `127.0.0.1:0:${port}`]);
    await docker([
      ...['run', '--detach', '--privileged', '--name', engine.#name, ...ports],
      // Layers of images cannot be on the overlay file system of a container.
      ...['--volume', `${engine.#name}:/var/lib/containers`],
      // What patch.yaml mounts into the pod.
      ...['--tmpfs', '/run/pod-app:uid=1000,gid=1000,mode=0750,size=64m', PODMAN_IMAGE],
    ]);
    engine.publicUrl = await engine.#urlOf(8041);
    engine.metricsUrl = await engine.#urlOf(9041);
    const load = '"$0" save "$1" | "$0" exec --interactive "$2" podman load --quiet';
    await run('sh', ['-euc', load, dockerClient(), APP_IMAGE, engine.#name], { timeout: BUILD_TIMEOUT_MS });
    await engine.podman('tag', APP_IMAGE, imageOfPod);
    return engine;
  }

  podman(...args: string[]): Promise<string> {
    return docker(['exec', this.#name, 'podman', ...args]);
  }

  /** Runs a command in the app's container. */
  exec(...command: string[]): Promise<string> {
    return this.podman('exec', this.container, ...command);
  }

  /** Runs a shell script in the container of podman. */
  shell(script: string): Promise<string> {
    return docker(['exec', this.#name, 'sh', '-euc', script]);
  }

  /** Starts the pod of rendered objects. podman ignores kinds that it does not know. */
  async play(yaml: string): Promise<void> {
    const publish = [8041, 9041].flatMap((port) => ['--publish', `${port}:${port}`]);
    const playing = run(
      dockerClient(),
      ['exec', '--interactive', this.#name, 'podman', 'kube', 'play', ...publish, '-'],
      { timeout: BUILD_TIMEOUT_MS },
    );
    playing.child.stdin!.end(yaml);
    await playing;
  }

  async facts(): Promise<ContainerFacts> {
    const [facts] = JSON.parse(await this.podman('inspect', this.container)) as [ContainerFacts];
    return facts;
  }

  logs(): Promise<string> {
    return this.podman('logs', '--tail', '40', this.container);
  }

  async remove(): Promise<void> {
    await docker(['rm', '--force', '--volumes', this.#name]);
    await docker(['volume', 'rm', '--force', this.#name]);
  }

  async #urlOf(port: number): Promise<string> {
    const published = await docker(['port', this.#name, `${port}/tcp`]);
    return `http://127.0.0.1:${published.trim().split(':').at(-1)}`;
  }
}
