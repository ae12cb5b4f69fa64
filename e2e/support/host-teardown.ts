import { HostPlace } from './host-place.ts';

/** Removes all stacks of this run, including those of test processes that were killed. */
export default function hostTeardown(): void {
  for (const place of HostPlace.ofThisRun()) place.remove();
}
