import type { TestContext } from 'node:test';

/** Returns the list of log lines of this process. Lines are added until the test ends. */
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
