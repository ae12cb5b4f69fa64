import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { docker, dockerClient } from '../../kit/test-kit/docker.ts';

const LAST_LINES = 60;
const LOOK_EVERY_MS = 500;

/**
 * The last lines that the containers of a project said. Testcontainers removes a stack that does not come up, and its
 * logs with it: they have to be read while it starts.
 */
export class StartupLog {
  readonly #project: string;
  readonly #timer: NodeJS.Timeout;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;
  #looking = false;

  constructor(project: string) {
    this.#project = project;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  /** Stops reading, and gives what was read. */
  close(): string {
    clearInterval(this.#timer);
    this.#child?.kill();
    return this.#lines.join('\n');
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const label = `label=com.docker.compose.project=${this.#project}`;
    const containers = await docker(['ps', '--all', '--quiet', '--filter', label]).catch(() => '');
    this.#looking = false;
    if (containers !== '' && this.#child === undefined) this.#follow();
  }

  #follow(): void {
    clearInterval(this.#timer);
    const follow = ['compose', '--project-name', this.#project, 'logs', '--follow', '--no-color'];
    this.#child = spawn(dockerClient, follow, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#lines.push(line);
      if (this.#lines.length > LAST_LINES) this.#lines.shift();
    });
  }
}
