import type { ComposeStack } from './compose-stack.ts';
import { testOf } from './fixtures.ts';

/** `test` of specs about containers, which run in projects with the maker `compose` only. */
export const test = testOf<ComposeStack>();

export { expect, sharing } from './fixtures.ts';
