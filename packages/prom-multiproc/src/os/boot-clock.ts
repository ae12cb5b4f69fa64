import { loadKoffi } from './load-koffi.cjs';

/** <time.h>: seconds since the machine started, suspended time included. */
const CLOCK_BOOTTIME = 7;

/** A `struct timespec` of 64-bit Linux: seconds, then nanoseconds, 8 bytes each. */
const timespec = new Int32Array(4);

type ClockGettime = (clock: number, into: Int32Array) => number;
let clockGettime: ClockGettime | undefined;

/**
 * Seconds since the machine started, by `CLOCK_BOOTTIME`: the same in all processes of the machine, and moved by no one who
 * sets the time of day (clock_gettime(2)). All times in slot files are of this clock. It is read without a system call.
 * @throws Error where koffi cannot be loaded.
 */
export function bootTime(): number {
  clockGettime ??= loadKoffi().load(null).func('int clock_gettime(int, void *)') as ClockGettime;
  clockGettime(CLOCK_BOOTTIME, timespec);
  return timespec[0]! + timespec[2]! / 1e9;
}

/** What is added to a time of `bootTime` for the Unix time, by the time of day that is set now. */
export function unixTimeOfBoot(): number {
  return Date.now() / 1000 - bootTime();
}
