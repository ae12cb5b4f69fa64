import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Above this share of its processors in use before the run, what others do is in the figures. */
export const BUSY_PERCENT = 10;

/** How many per cent of the time of all processors were used in the time to come. */
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
