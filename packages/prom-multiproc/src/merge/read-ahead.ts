import { type FSWatcher, watch } from 'node:fs';

/** Milliseconds between two looks for new records. */
export const LOOK_INTERVAL_MS = 100;
/** Number of looks without new records after which the looks pause until something is written. */
export const QUIET_LOOKS = 3;
/** Longest pause if the directory cannot be watched, for example because it does not exist. */
export const UNWATCHED_PAUSE_MS = 2000;

/**
 * Runs `look` repeatedly while it finds new records, one step in each turn of the event loop. Then waits for a write to a file of the
 * directory: a new series is written, while counts and heartbeats are stored in mapped memory. Does not keep the process running. A
 * look that throws is abandoned without a report: the next scrape fails and reports the same error.
 */
export function readAhead(look: () => Iterator<void>, directory: () => string | undefined): void {
  let steps: Iterator<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let quiet = 0;

  function step(): void {
    try {
      steps ??= look();
      if (steps.next().done) steps = undefined;
      else quiet = 0;
    } catch {
      steps = undefined;
    }
    if (steps !== undefined) setImmediate(step).unref();
  }

  function tick(): void {
    if (steps !== undefined) return;
    if (quiet === QUIET_LOOKS) {
      pause();
      return;
    }
    // Before the last looks: they find what was written before.
    if (quiet === 1) watcher ??= watchDirectory(directory(), resume);
    quiet++;
    step();
  }

  function pause(): void {
    clearInterval(timer);
    timer = undefined;
    if (watcher === undefined) setTimeout(resume, UNWATCHED_PAUSE_MS).unref();
  }

  function resume(): void {
    // Each write would be an event.
    watcher?.close();
    watcher = undefined;
    quiet = 0;
    timer ??= setInterval(tick, LOOK_INTERVAL_MS).unref();
  }

  resume();
}

/** Undefined if the directory cannot be watched: see [inotify(7)](https://man7.org/linux/man-pages/man7/inotify.7.html). */
function watchDirectory(directory: string | undefined, onWrite: () => void): FSWatcher | undefined {
  if (directory === undefined) return undefined;
  try {
    return watch(directory, { persistent: false }, onWrite).on('error', onWrite);
  } catch {
    return undefined;
  }
}
