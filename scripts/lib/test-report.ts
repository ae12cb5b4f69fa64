/**
 * A custom reporter of `node --test` (https://nodejs.org/api/test.html#custom-reporters). It writes one JSON object a line:
 * `{file, seconds}` for each file, `{file, title}` for each test, with `error` if it failed; the title of a subtest begins with those of
 * its parents.
 */
import { join, relative, resolve } from 'node:path';

interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly file?: string;
    /** The file that was run, if the test is defined in a file that it imports. */
    readonly entryFile?: string;
    readonly name?: string;
    readonly nesting?: number;
    readonly details?: { readonly duration_ms?: number; readonly type?: string; readonly error?: TestError };
  };
}

/** Node wraps what a test threw: https://nodejs.org/api/errors.html#err_test_failure */
interface TestError extends Error {
  readonly failureType?: string;
}

/** By file, the titles from the outermost test to the one that started last. A test is reported after its subtests. */
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
      const error = type === 'test:fail' ? messageOf(data.details?.error) : undefined;
      yield `${JSON.stringify({ file: entry, title: [...around, name].join(' > '), error })}\n`;
    }
  }
}

/** Returns nothing for a test that failed only because a subtest did. */
function messageOf(error: TestError | undefined): string | undefined {
  if (error?.failureType === 'subtestsFailed') return undefined;
  const { cause } = error ?? {};
  return cause instanceof Error
    ? (cause.stack ?? cause.message)
    : String(cause ?? error?.message ?? 'no message');
}
