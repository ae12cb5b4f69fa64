import type { Mapping } from './libc.ts';

const unreachable = new FinalizationRegistry<() => void>((unmap) => unmap());

/** Unmaps once the garbage collector has freed `buffer` and every view of it. Do not call `unmap()` after this call. */
export function unmapLater({ buffer, unmap }: Mapping): void {
  unreachable.register(buffer, unmap);
}
