import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Opens a directory that may be searched but not read, on Linux (open(2)). Node does not define it. */
const O_PATH = 0o10000000;
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const MAX_LINKS = 40;

/**
 * A directory held open by a descriptor. Operations reach this directory even if another is moved to its path, because they use
 * `/proc/self/fd`. On other platforms than Linux they use the path.
 */
export class OpenDirectory {
  /** Path of this directory; valid until `close()`. */
  readonly path: string;
  readonly #fd: number | undefined;

  private constructor(path: string, flags: number) {
    this.#fd = process.platform === 'linux' ? openSync(path, flags | O_DIRECTORY | O_NOFOLLOW) : undefined;
    this.path = this.#fd === undefined ? path : `/proc/self/fd/${this.#fd}`;
  }

  /** Opens a directory to list it or change its owner and mode. @throws Error if the path is a symlink or not a directory. */
  static open(path: string): OpenDirectory {
    return new OpenDirectory(path, O_RDONLY);
  }

  /** Opens a directory to access its entries; needs no read permission. @throws Error if it is a symlink or not a directory. */
  static pass(path: string): OpenDirectory {
    return new OpenDirectory(path, O_PATH);
  }

  stats(): Stats {
    return this.#fd === undefined ? lstatSync(this.path) : fstatSync(this.#fd);
  }

  setOwner(uid: number, gid: number): void {
    if (this.#fd === undefined) chownSync(this.path, uid, gid);
    else fchownSync(this.#fd, uid, gid);
  }

  setMode(mode: number): void {
    if (this.#fd === undefined) chmodSync(this.path, mode);
    else fchmodSync(this.#fd, mode);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}

/**
 * Opens the parent directory of `path`, one directory after the other from `/` on, and creates missing ones. Calls `check` for
 * each directory before it is used, and for each symlink before it is followed; `holder` is the directory that contains it.
 * @throws Error of `check` or `node:fs`, with the path as the user gave it.
 */
export function openParent(
  path: string,
  check: (found: Stats, path: string, holder?: Stats) => void,
): OpenDirectory {
  if (process.platform !== 'linux') {
    mkdirSync(dirname(path), { recursive: true });
    return OpenDirectory.pass(dirname(path));
  }
  const names = dirname(path).split('/').filter(Boolean);
  let [here, where] = [OpenDirectory.pass('/'), '/'];
  for (let links = 0; ; ) {
    try {
      check(here.stats(), where);
      const name = names.shift();
      if (name === undefined) return here;
      const next = `${here.path}/${name}`;
      const found = lstatSync(next, { throwIfNoEntry: false });
      const from = here;
      if (found?.isSymbolicLink()) {
        check(found, resolve(where, name), here.stats());
        if (++links > MAX_LINKS)
          throw new Error(`${path} leads through too many symlinks; give the direct path`);
        const target = readlinkSync(next);
        names.unshift(...target.split('/').filter(Boolean));
        if (!target.startsWith('/')) continue;
        [here, where] = [OpenDirectory.pass('/'), '/'];
      } else {
        if (found === undefined) makeAt(next, 0o755);
        [here, where] = [OpenDirectory.pass(next), resolve(where, name)];
      }
      from.close();
    } catch (error) {
      here.close();
      throw withPath(error, where, path);
    }
  }
}

/** Creates a directory. False if it exists already. */
export function makeAt(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * The same error with `where`, the path that the user gave, instead of one in `/proc/self/fd`. With `target`, the call failed in
 * `where` on the way to it.
 */
export function withPath(error: unknown, ...paths: [where: string, target?: string]): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const [where, target] = paths;
  const at = target === undefined ? `for ${where}` : `in ${where}, on the way to ${target}`;
  return Object.assign(new Error(`${code}: ${syscall} failed ${at}`, { cause: error }), { code });
}
