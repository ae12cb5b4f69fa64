import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { projectPrefix } from '../../../e2e/support/run-id.ts';
import { docker, dockerClient } from '../../test-kit/docker.ts';
import { buildEngine, buildServices, copyImages } from './nested-engine.ts';

const run = promisify(execFile);
const PLAY_TIMEOUT_MS = 10 * 60_000;

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
    const [appImage] = await buildServices('app');
    const image = await buildEngine('kubernetes');
    const ports = [8041, 9041].flatMap((port) => ['--publish', `127.0.0.1:0:${port}`]);
    await docker([
      ...['run', '--detach', '--privileged', '--name', engine.#name, ...ports],
      // Layers of images cannot be on the overlay file system of a container.
      ...['--volume', `${engine.#name}:/var/lib/containers`],
      // What patch.yaml mounts into the pod.
      ...['--tmpfs', '/run/pod-app:uid=1000,gid=1000,mode=0750,size=64m', image],
    ]);
    engine.publicUrl = await engine.#urlOf(8041);
    engine.metricsUrl = await engine.#urlOf(9041);
    await copyImages([appImage!], engine.#name, 'podman');
    await engine.podman('tag', appImage!, imageOfPod);
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
      { timeout: PLAY_TIMEOUT_MS },
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
