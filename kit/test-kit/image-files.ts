import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { docker, dockerClient } from './docker.ts';
import { readTar, type TarEntry } from './tar.ts';

export type ImageFile = Omit<TarEntry, 'content'> & {
  /** An ELF file, a script with a shebang line, or neither. */
  readonly kind: 'program' | 'script' | 'data';
};

export interface Image {
  readonly bytes: number;
  readonly files: readonly ImageFile[];
  /** Names of the installed Debian or Alpine packages, from the lists that scanners read. */
  readonly packages: readonly string[];
}

const SET_ID = 0o6000;
const OTHERS_MAY_WRITE = 0o002;
const MAY_RUN = 0o111;
const PACKAGE_LISTS: Record<string, RegExp> = {
  'var/lib/dpkg/status': /^Package: (.*)$/gm,
  'lib/apk/db/installed': /^P:(.*)$/gm,
};
/** Files that the engine adds to each container. */
const ADDED_BY_ENGINE = /^(\.dockerenv|dev|proc|sys|etc\/(hosts|hostname|resolv\.conf|mtab))(\/|$)/;

/** Lists the files and packages of an image, without running it. */
export async function readImage(image: string): Promise<Image> {
  const bytes = Number(await docker(['image', 'inspect', '--format', '{{.Size}}', image]));
  // `docker create` needs a command for an image without one; it is never run.
  const container = (await docker(['create', image, 'none'])).trim();
  try {
    const exporting = spawn(dockerClient(), ['export', container], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(exporting, 'close');
    const files: ImageFile[] = [];
    const packages: string[] = [];
    for await (const { content, ...entry } of readTar(exporting.stdout)) {
      if (ADDED_BY_ENGINE.test(entry.path)) continue;
      files.push({ ...entry, kind: kindOf(content) });
      const list = PACKAGE_LISTS[entry.path];
      if (list !== undefined)
        packages.push(...[...content.toString().matchAll(list)].map(([, name]) => name!));
    }
    const [status] = (await closed) as [number | null];
    if (status !== 0) throw new Error(`docker export of ${image} exited with ${status}`);
    return { bytes, files, packages };
  } finally {
    await docker(['rm', '--volumes', container]);
  }
}

function kindOf(content: Buffer): ImageFile['kind'] {
  if (content.subarray(0, 4).toString('latin1') === '\x7fELF') return 'program';
  return content.subarray(0, 2).toString('latin1') === '#!' ? 'script' : 'data';
}

export const hasSetId = ({ mode }: ImageFile) => (mode & SET_ID) !== 0;
export const mayBeWrittenByAll = ({ mode, type }: ImageFile) =>
  type !== 'symlink' && (mode & OTHERS_MAY_WRITE) !== 0;
export const mayBeRun = ({ kind, mode, type }: ImageFile) =>
  type === 'file' && kind !== 'data' && (mode & MAY_RUN) !== 0;

const PROGRAM_DIRECTORY = /^(usr\/(local\/)?)?s?bin\/[^/]+$/;

/** Whether a shell finds the file by its name; includes symlinks. */
export const isCommand = ({ path, type }: ImageFile) => type !== 'directory' && PROGRAM_DIRECTORY.test(path);
