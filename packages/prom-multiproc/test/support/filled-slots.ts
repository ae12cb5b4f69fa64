import { TextReader } from './directory-text.ts';
import { add, COUNTER, HISTOGRAM, openWriter } from './slot-files.ts';
import type { Cleanup } from './temporary-directory.ts';

const HISTOGRAM_EVERY = 10;

/** Makes `slots` slots with the same `counters` counters and a tenth as many histograms. `count` counts once more in each. */
export function filledSlots(test: Cleanup, directory: string, slots: number, counters: number) {
  const writers = Array.from({ length: slots }, () => openWriter(directory));
  const count = () => {
    for (const writer of writers) {
      for (let i = 0; i < counters; i++) {
        add(writer, COUNTER, `/${i}`, 1);
        if (i % HISTOGRAM_EVERY === 0) add(writer, HISTOGRAM, `/${i}`, 1, 1);
      }
    }
  };
  count();
  return { count, reader: new TextReader(test, directory) };
}
