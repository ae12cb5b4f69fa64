import { testOf } from './fixtures.ts';
import type { HostStack } from './host-stack.ts';

/** `test` of specs about processes of a host, which run in projects with the maker `host` only. */
export const test = testOf<HostStack>();

export { expect, withStack } from './fixtures.ts';
