import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../packages/prom-multiproc/test/support/temporary-directory.ts';
import { readTar, type TarEntry } from './tar.ts';

async function* inPieces(archive: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += length) yield archive.subarray(at, at + length);
}

async function entries(archive: Buffer, length = 1000): Promise<Record<string, TarEntry>> {
  const all: Record<string, TarEntry> = {};
  for await (const entry of readTar(inPieces(archive, length))) all[entry.path] = entry;
  return all;
}

test('type, mode, size, target and content of each entry are read, also with long or unusual names', async (t) => {
  const directory = temporaryDirectory(t);
  const long = `${'a'.repeat(120)}/${'ö'.repeat(90)}`;
  mkdirSync(join(directory, 'a'.repeat(120)));
  writeFileSync(join(directory, long), 'long');
  writeFileSync(join(directory, 'setuid'), 'x'.repeat(1300));
  chmodSync(join(directory, 'setuid'), 0o4755);
  writeFileSync(join(directory, 'two words=\n'), '');
  symlinkSync(`/${'b'.repeat(140)}`, join(directory, 'symlink'));
  linkSync(join(directory, 'setuid'), join(directory, 'zz-link'));
  const archive = execFileSync('tar', ['--format=pax', '--sort=name', '-C', directory, '-c', '.']);
  for (const length of [1, 511, 10_000]) {
    const all = await entries(archive, length);
    assert.equal(all[long]!.content.toString(), 'long');
    assert.deepEqual(
      [all.setuid!.type, all.setuid!.mode, all.setuid!.size, all.setuid!.uid],
      ['file', 0o4755, 1300, process.getuid!()],
    );
    assert.deepEqual([all['two words=\n']!.size, all.symlink!.target], [0, `/${'b'.repeat(140)}`]);
    assert.deepEqual([all['zz-link']!.type, all['zz-link']!.target.replace('./', '')], ['link', 'setuid']);
    assert.deepEqual([all['a'.repeat(120)]!.type, all.symlink!.type], ['directory', 'symlink']);
  }
});

test('the names of extended attributes are read, such as that of file capabilities', async () => {
  const record = (key: string, value: string) => {
    const rest = ` ${key}=${value}\n`;
    const length = rest.length + String(rest.length + 2).length;
    return `${length}${rest}`;
  };
  const header = (name: string, flag: string, size: number) => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write('0000755\0', 100);
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
    block.write(flag, 156);
    return block;
  };
  const pax = record('SCHILY.xattr.security.capability', 'binary\0');
  const padded = Buffer.alloc(512);
  padded.write(pax);
  const archive = Buffer.concat([
    header('pax', 'x', pax.length),
    padded,
    header('bin/ping', '0', 0),
    header('bin/true', '0', 0),
    Buffer.alloc(1024),
  ]);
  const all = await entries(archive);
  assert.deepEqual(all['bin/ping']!.attributes, ['security.capability']);
  assert.deepEqual(all['bin/true']!.attributes, []);
  await assert.rejects(entries(archive.subarray(0, 700)), /the archive is truncated: \d+ bytes are missing/);
});

test('the padding after the last entry is read, so the writing process can exit', async () => {
  const archive = Buffer.alloc(100 * 512);
  let read = 0;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(archive, 512)) {
      read += piece.length;
      yield piece;
    }
  }
  for await (const _ of readTar(pieces()));
  assert.equal(read, archive.length);
});
