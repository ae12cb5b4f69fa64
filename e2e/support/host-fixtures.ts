import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test';
import { test as base, type StackFixtures } from './fixtures.ts';
import type { HostStack } from './host-stack.ts';

interface HostFixtures extends StackFixtures {
  stack: HostStack;
}

/** `test` of specs about processes of a host, which run in projects with the maker `host` only: see compose-fixtures.ts. */
export const test = base as unknown as TestType<
  PlaywrightTestArgs & PlaywrightTestOptions,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & HostFixtures
>;

export { expect, withStack } from './fixtures.ts';
