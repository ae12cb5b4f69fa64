import { loadCalls } from './load-calls.ts';

/** From <time.h>. */
const CLOCK_BOOTTIME = 7;

/** A `struct timespec` of 64-bit Linux: 8 bytes of seconds, 8 bytes of nanoseconds. */
const timespec = new Int32Array(4);

/**
 * Seconds since the machine started, by `CLOCK_BOOTTIME`: the clock of all times in slot files. It is the same in all processes,
 * and setting the system time does not change it ([clock_gettime(2)](https://man7.org/linux/man-pages/man2/clock_gettime.2.html)).
 * @throws Error of `loadCalls()`
 */
export function bootTime(): number {
  loadCalls().clockGettime(CLOCK_BOOTTIME, timespec);
  return timespec[0]! + timespec[2]! / 1e9;
}

/** Unix time in seconds at which `bootTime()` was 0, by the current system time. */
export function unixTimeOfBoot(): number {
  return Date.now() / 1000 - bootTime();
}
