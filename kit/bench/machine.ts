import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** If more of the processors is in use before a run, the figures are unreliable. */
export const BUSY_PERCENT = 10;

/** Waits `ms` and returns the share of all processors in use meanwhile, in per cent. */
export async function busyPercent(ms: number): Promise<number> {
  const before = used();
  await sleep(ms);
  const after = used();
  return (100 * (after.busy - before.busy)) / (after.all - before.all);
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
