/**
 * A reporter of `node --test` that writes one JSON object a line: `{file, seconds}` for each file that ran, `{file, title}` for
 * each test in it, a subtest with the titles of those around it. `slowest.ts` reads it.
 */
import { join, relative, resolve } from 'node:path';

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly file?: string;
    /** The file that was run, where another one that it imports defines the test. */
    readonly entryFile?: string;
    readonly name?: string;
    readonly nesting?: number;
    readonly details?: { readonly duration_ms?: number; readonly type?: string };
  };
}

/** Titles as they go by, by file: a suite or a test with subtests is reported after them, but starts before. */
const open = new Map<string, string[]>();

const ROOT = join(import.meta.dirname, '../..');

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    const { file, name, nesting } = data;
    if (file === undefined || name === undefined || nesting === undefined) continue;
    const entry = relative(ROOT, data.entryFile ?? file);
    if (type === 'test:start') {
      const titles = open.get(entry) ?? [];
      titles.length = nesting;
      titles.push(name);
      open.set(entry, titles);
    } else if (type === 'test:complete' && nesting === 0 && resolve(name) === file) {
      yield `${JSON.stringify({ file: entry, seconds: (data.details?.duration_ms ?? 0) / 1000 })}\n`;
    } else if ((type === 'test:pass' || type === 'test:fail') && data.details?.type !== 'suite') {
      const around = open.get(entry)?.slice(0, nesting) ?? [];
      yield `${JSON.stringify({ file: entry, title: [...around, name].join(' > ') })}\n`;
    }
  }
}
