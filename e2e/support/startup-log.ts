import { composeContainers } from './containers.ts';
import { LogFollower } from './log-follower.ts';

const LAST_LINES = 60;
const LOOK_EVERY_MS = 500;

/**
 * Collects the last log lines of a project while it starts. Testcontainers removes a stack that does not start, together with its
 * logs.
 */
export class StartupLog {
  readonly #project: string;
  readonly #timer: NodeJS.Timeout;
  readonly #lines: string[] = [];
  readonly #followers = new Map<string, LogFollower>();
  #closed = false;

  constructor(project: string) {
    this.#project = project;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  /** Stops reading and returns the lines. */
  close(): string {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const follower of this.#followers.values()) follower.close();
    return this.#lines.join('\n');
  }

  async #look(): Promise<void> {
    for (const { id, name } of await composeContainers(this.#project).catch(() => [])) {
      if (this.#closed || this.#followers.has(id)) continue;
      this.#followers.set(id, new LogFollower(id, ({ text }) => this.#take(`${name} | ${text}`)));
    }
  }

  #take(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > LAST_LINES) this.#lines.shift();
  }
}
