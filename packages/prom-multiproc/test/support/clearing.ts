import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ClearOptions, ClearRefusedError, clearDirectory } from '../../src/clear-directory.ts';
import { add, COUNTER, openWriter } from './slot-files.ts';
import { type Cleanup, temporaryDirectory } from './temporary-directory.ts';

export const AT_ONCE: ClearOptions = { waitMs: 0 };

/** Creates a metrics directory with two slot files that no process holds. */
export function counted(t: Cleanup): string {
  const directory = join(temporaryDirectory(t), 'metrics');
  mkdirSync(directory);
  const writers = [openWriter(directory), openWriter(directory)];
  for (const writer of writers) {
    add(writer, COUNTER, '/', 1);
    writer.close();
  }
  return directory;
}

export async function assertRefused(path: string, reason: RegExp, options = AT_ONCE): Promise<void> {
  await assert.rejects(clearDirectory(path, options), (error: Error) => {
    assert.ok(error instanceof ClearRefusedError);
    assert.ok(error.message.startsWith(`refusing to clear ${JSON.stringify(path)}: `), error.message);
    assert.match(error.message, reason);
    return true;
  });
}
