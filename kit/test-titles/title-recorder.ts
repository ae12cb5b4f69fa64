/** In place of `node:test`: notes the title of each test, with those of the suites around it, and runs the bodies of suites alone. */

export const titles: string[] = [];

const around: string[] = [];

function nameOf(args: readonly unknown[]): string {
  const [name] = args;
  if (typeof name === 'string') return name;
  const body = args.find((arg) => typeof arg === 'function');
  return body?.name || '<anonymous>';
}

function recordTest(...args: unknown[]): void {
  titles.push([...around, nameOf(args)].join(' > '));
}

function recordSuite(...args: unknown[]): void {
  around.push(nameOf(args));
  for (const body of args) if (typeof body === 'function') body();
  around.pop();
}

type Recorder = typeof recordTest;

interface Variants {
  readonly skip: Recorder;
  readonly todo: Recorder;
  readonly only: Recorder;
}

const inVariants = (record: Recorder): Recorder & Variants =>
  Object.assign(record, { skip: record, todo: record, only: record });

export const suite: Recorder & Variants = inVariants(recordSuite);
export const describe: Recorder & Variants = suite;
export const test: Recorder & Variants = inVariants(recordTest);
export const it: Recorder & Variants = test;
export default test;

export function before(): void {}
export function after(): void {}
export function beforeEach(): void {}
export function afterEach(): void {}
