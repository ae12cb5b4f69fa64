import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { projectPrefix } from './run-id.ts';
import type { StackOptions } from './stack.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DOWN_TIMEOUT_MS = 120_000;
/** Not copied: they are large, or belong to one checkout. */
const LEFT_OUT = new Set(['.env', '.git', '.host', '.tools', 'node_modules', 'reports', 'test-results']);

let created = 0;

/** Where a stack without containers is: a copy of this checkout, and the directory that `scripts/up --host` creates. */
export class HostPlace {
  readonly #parent: string;

  private constructor(parent: string) {
    this.#parent = parent;
  }

  /** A place of its own, so that a test can change files of the checkout. */
  static create({ sharing, limits = 'load' }: StackOptions): HostPlace {
    created += 1;
    const place = new HostPlace(join(tmpdir(), `${projectPrefix}-${process.pid}-${created}`));
    mkdirSync(place.#parent);
    cpSync(ROOT, place.checkout, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !LEFT_OUT.has(basename(path)),
    });
    if (limits === 'load')
      cpSync(join(ROOT, 'kit/test-kit/load-limits.conf'), place.file('nginx/limits.conf'));
    if (!sharing)
      appendFileSync(place.file('supervisor/programs/app.conf'), 'environment=PROMETHEUS_MULTIPROC_DIR=""\n');
    return place;
  }

  /** The places of all processes of this run. */
  static ofThisRun(): HostPlace[] {
    return readdirSync(tmpdir())
      .filter((name) => name.startsWith(projectPrefix))
      .map((name) => new HostPlace(join(tmpdir(), name)));
  }

  get checkout(): string {
    return join(this.#parent, 'checkout');
  }

  get directory(): string {
    return join(this.#parent, 'host');
  }

  /** Returns the path of a file in the copy of the checkout. */
  file(path: string): string {
    return join(this.checkout, path);
  }

  /**
   * Stops the stack if there is one, and removes the place. Synchronous, so it can run in an exit handler.
   *
   * @param stop the command of the checkout that stops it
   */
  remove(stop: readonly [file: string, ...args: string[]] = ['scripts/down']): void {
    if (!existsSync(this.checkout)) return;
    const [file, ...args] = stop;
    const { status, stderr } = spawnSync(this.file(file), args, {
      env: { ...process.env, HOST_DIRECTORY: this.directory },
      encoding: 'utf8',
      timeout: DOWN_TIMEOUT_MS,
    });
    if (status !== 0) console.error(`${file} cannot stop the stack in ${this.directory}: ${stderr}`);
    else rmSync(this.#parent, { recursive: true, force: true });
  }
}
