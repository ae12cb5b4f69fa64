/** An entry of a tar archive in the format of `docker export`: ustar with pax headers (pax(1)). */
export interface TarEntry {
  /** Without a leading or trailing slash. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'link' | 'symlink' | 'other';
  /** Permission bits with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Target of a link; otherwise empty. */
  readonly target: string;
  /** Names of extended attributes, such as security.capability. */
  readonly attributes: readonly string[];
  readonly content: Buffer;
}

const BLOCK = 512;
const TYPES: Record<string, TarEntry['type']> = {
  '\0': 'file',
  0: 'file',
  1: 'link',
  2: 'symlink',
  5: 'directory',
};

/** Yields the entries of an archive. Throws if the archive ends within an entry. */
export async function* readTar(archive: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const { read, drain } = reader(archive);
  let extended = new Map<string, string>();
  for (;;) {
    const header = await read(BLOCK);
    if (header.every((byte) => byte === 0)) {
      await drain();
      return;
    }
    const size = Number(extended.get('size') ?? octal(header, 124, 12));
    const content = await read(size);
    await read((BLOCK - (size % BLOCK)) % BLOCK);
    const flag = String.fromCharCode(header[156]!);
    if (flag === 'x') {
      extended = records(content);
      continue;
    }
    if (flag === 'g') continue;
    const prefix = text(header, 345, 155);
    const name = text(header, 0, 100);
    yield {
      path: (extended.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`)).replace(/^\.?\/|\/$/g, ''),
      type: TYPES[flag] ?? 'other',
      mode: octal(header, 100, 8) & 0o7777,
      uid: octal(header, 108, 8),
      gid: octal(header, 116, 8),
      size,
      target: extended.get('linkpath') ?? text(header, 157, 100),
      attributes: [...extended.keys()].flatMap((key) => /^SCHILY\.xattr\.(.+)$/.exec(key)?.[1] ?? []),
      content,
    };
    extended = new Map();
  }
}

interface Reader {
  read(length: number): Promise<Buffer>;
  /** Reads the padding: a process that writes the archive to a pipe exits only then. */
  drain(): Promise<void>;
}

function reader(archive: AsyncIterable<Uint8Array>): Reader {
  const chunks = archive[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const read = async (length: number): Promise<Buffer> => {
    const parts = [rest];
    let have = rest.length;
    while (have < length) {
      const { value, done } = await chunks.next();
      if (done) throw new Error(`the archive is truncated: ${length - have} bytes are missing`);
      parts.push(Buffer.from(value));
      have += value.length;
    }
    const all = parts.length === 1 ? rest : Buffer.concat(parts);
    rest = all.subarray(length);
    return all.subarray(0, length);
  };
  const drain = async (): Promise<void> => {
    while (!(await chunks.next()).done);
  };
  return { read, drain };
}

function text(header: Buffer, from: number, length: number): string {
  return header
    .subarray(from, from + length)
    .toString()
    .split('\0', 1)[0]!;
}

function octal(header: Buffer, from: number, length: number): number {
  return Number.parseInt(text(header, from, length).trim() || '0', 8);
}

/** Parses the records of a pax header: `LENGTH KEY=VALUE\n`, where LENGTH is the length of the record in bytes, including itself. */
function records(content: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.subarray(at, at + 12).toString(), 10);
    if (!(length > 0)) break;
    const record = content.subarray(at, at + length - 1).toString();
    const [, key, value] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (key !== undefined) found.set(key, value!);
    at += length;
  }
  return found;
}
