import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test';
import type { ComposeStack } from './compose-stack.ts';
import { test as base, type StackFixtures } from './fixtures.ts';

interface ComposeFixtures extends StackFixtures {
  stack: ComposeStack;
}

/**
 * `test` of specs about containers, which run in projects with the maker `compose` only. It is the same object as the other `test`:
 * another one would start another stack.
 */
export const test = base as unknown as TestType<
  PlaywrightTestArgs & PlaywrightTestOptions,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & ComposeFixtures
>;

export { expect, sharing } from './fixtures.ts';
