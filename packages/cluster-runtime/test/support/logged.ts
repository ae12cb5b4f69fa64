import type { TestContext } from 'node:test';

/** The lines of JSON that this process logs from now on. */
export function logged(t: TestContext): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const write = process.stdout.write.bind(process.stdout);
  t.mock.method(process.stdout, 'write', (chunk: string | Uint8Array) => {
    if (typeof chunk === 'string' && chunk.startsWith('{"time"')) lines.push(JSON.parse(chunk));
    else write(chunk);
    return true;
  });
  return lines;
}
