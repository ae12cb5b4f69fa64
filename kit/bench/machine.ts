import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { progress } from './progress.ts';

/** If more of the processors is in use before a run, the figures are unreliable. */
export const BUSY_PERCENT = 10;

const BUSY_CHECK_MS = 3000;

/** Number and model of the processors, for the pages. */
export const processors = (): string => `${availableParallelism()} processors (${cpus()[0]!.model.trim()})`;

/** Measures for 3 s which share of all processors is in use before a run, in per cent, and warns if it is too large. */
export async function busyBeforeRun(): Promise<number> {
  const before = used();
  await sleep(BUSY_CHECK_MS);
  const after = used();
  const busy = (100 * (after.busy - before.busy)) / (after.all - before.all);
  if (busy > BUSY_PERCENT)
    progress(
      `warning: the machine is ${busy.toFixed(0)} % busy; stop other programs, or the figures are unreliable`,
    );
  return busy;
}

function used(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const { user, nice, sys, idle, irq } = times;
    busy += user + nice + sys + irq;
    all += user + nice + sys + irq + idle;
  }
  return { busy, all };
}
