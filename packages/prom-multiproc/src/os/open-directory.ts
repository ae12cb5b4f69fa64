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

/** Of Linux, for a directory that may be searched and not read. Node has no name for it. */
const O_PATH = 0o10000000;
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
const MAX_LINKS = 40;

/**
 * A directory held by a descriptor: what is done through it reaches this very directory, whatever is at its path by then. Only
 * Linux has the paths for it; elsewhere this is the path alone.
 */
export class OpenDirectory {
  /** Leads to the directory, as in `${path}/name`. */
  readonly path: string;
  readonly #fd: number | undefined;

  private constructor(path: string, flags: number) {
    this.#fd = process.platform === 'linux' ? openSync(path, flags | O_DIRECTORY | O_NOFOLLOW) : undefined;
    this.path = this.#fd === undefined ? path : `/proc/self/fd/${this.#fd}`;
  }

  /** To list it and to change its owner and mode. @throws Error where there is a symlink or no directory. */
  static open(path: string): OpenDirectory {
    return new OpenDirectory(path, O_RDONLY);
  }

  /** To reach what is in it. @throws Error where there is a symlink or no directory. */
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
 * Opens the directory that `path` is in, from `/` on, each directory in the one before; makes those that are missing. `check` is
 * asked of each of them, and of each symlink on the way, with the directory that holds it, before it is followed.
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
        if (++links > MAX_LINKS) throw new Error(`${path} leads through too many symlinks`);
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

/** Makes a directory, unless another process was quicker. Whether it was made here. */
export function makeAt(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The same error, with the path that people know. */
export function withPath(error: unknown, ...paths: string[]): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const [from, to] = paths;
  const at = to === undefined ? from : `${to}, below ${from}`;
  return Object.assign(new Error(`${code}: ${syscall} failed for ${at}`, { cause: error }), { code });
}
