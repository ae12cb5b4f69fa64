import type { Mapping } from './libc.ts';

const unused = new FinalizationRegistry<() => void>((unmap) => unmap());

/** Ends a mapping once nothing can reach its memory any more. It must not be ended in another way. */
export function giveBack({ buffer, unmap }: Mapping): void {
  unused.register(buffer, unmap);
}
