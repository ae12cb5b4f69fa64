import { execFile } from 'node:child_process';
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, join } from 'node:path';

/** An editor writes a file in several steps. */
const SETTLE_MS = 50;
/** Tests, hidden files and backups of editors are not part of the application. */
const IGNORED = /\.test\.ts$|^\.|~$|^4913$/;

/** Runs a command each time a file below a directory has changed, and prints how it ended. */
export class Reloader {
  readonly #watcher: FSWatcher;
  readonly #directory: string;
  readonly #command: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #changed = new Set<string>();
  /** Time of the first change since the last reload began. */
  #since = 0;
  #running = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, command: string, env: NodeJS.ProcessEnv) {
    this.#directory = directory;
    this.#command = command;
    this.#env = env;
    this.#watcher = watch(directory, { recursive: true }, (_event, file) => this.#onChange(file));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watcher.close();
  }

  #onChange(file: string | null): void {
    if (file === null || IGNORED.test(basename(file))) return;
    if (this.#changed.size === 0) this.#since = performance.now();
    this.#changed.add(file);
    clearTimeout(this.#timer);
    if (!this.#running) this.#timer = setTimeout(() => this.#reload(), SETTLE_MS);
  }

  /** Returns the changed files, without temporary files of editors. */
  #names(): string {
    const all = [...this.#changed];
    const existing = all.filter((file) => existsSync(join(this.#directory, file)));
    return (existing.length > 0 ? existing : all).join(', ');
  }

  #reload(): void {
    const what = this.#names();
    const since = this.#since;
    this.#changed.clear();
    this.#running = true;
    execFile(this.#command, { env: this.#env }, (error, _stdout, stderr) => {
      this.#running = false;
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      if (error === null) console.log(`dev: ${what}: live in ${seconds} s`);
      else console.log(`dev: ${what}: not live; the old worker keeps serving\n${stderr.trimEnd()}`);
      if (this.#changed.size > 0) this.#reload();
    });
  }
}
