import { scrape } from '../../test-kit/scrape.ts';
import { METHODS } from '../account/ledger.ts';
import { type Counts, countsOf } from '../observe/scrapes.ts';
import type { Scene } from '../scene.ts';

const TIMEOUT_MS = 20_000;
export const DIRECTORY = '"$PROMETHEUS_MULTIPROC_DIR"';

export interface Holder {
  readonly pid: number;
  readonly slot: number;
}

export interface SlotPage extends Holder {
  readonly counts: Counts;
}

export interface SlotPages {
  readonly pages: readonly SlotPage[];
  readonly ready: ReadonlySet<number>;
}

/** Ready workers and the slot files they hold, ordered by slot. The pid is at byte 28 of the header. */
export async function holders({ status, shell }: Scene): Promise<{ held: Holder[]; ready: Set<number> }> {
  const { workers } = await status.now();
  const ready = new Set(workers.filter(({ state }) => state === 'ready').map(({ pid }) => pid));
  const list = `cd ${DIRECTORY} && for f in slot-*; do echo "$f $(od -An -tu4 -j28 -N4 "$f")"; done`;
  const held = (await shell.run(list))
    .split('\n')
    .map((line) => /^slot-(\d+)\.metrics\s+(\d+)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, slot, pid]) => ({ slot: Number(slot), pid: Number(pid) }))
    .filter(({ pid }) => ready.has(pid))
    .sort((a, b) => a.slot - b.slot);
  return { held, ready };
}

/** Counts on the page of each slot except the damaged one. No request may be in flight. */
export async function slotPages(scene: Scene, damaged?: number): Promise<SlotPages> {
  const { held, ready } = await holders(scene);
  const pages: SlotPage[] = [];
  for (const holder of held.filter(({ slot }) => slot !== damaged)) {
    const url = `${scene.stack.metricsUrl}/metrics/workers/${holder.slot}`;
    pages.push({ ...holder, counts: countsOf(await scrape(url, TIMEOUT_MS)) });
  }
  return { pages, ready };
}

export interface Others {
  /** Increments on the pages of slots held throughout: the totals must have at least as many. */
  readonly counted: number;
  /** Harm to slots that were not damaged. */
  readonly harmed: readonly string[];
}

export function othersSince(before: SlotPages, now: SlotPages, damaged: number): Others {
  const harmed: string[] = [];
  const grown = { GET: { counter: 0, histogram: 0 }, POST: { counter: 0, histogram: 0 } };
  for (const { slot, pid, counts } of before.pages) {
    // The page of an exited worker is not shown, but its counts are not lost.
    if (slot === damaged || !now.ready.has(pid)) continue;
    const page = now.pages.find((one) => one.slot === slot && one.pid === pid);
    if (page === undefined) {
      harmed.push(`slot ${slot} was not damaged, but running process ${pid} no longer holds it`);
      continue;
    }
    for (const method of METHODS) {
      for (const which of ['counter', 'histogram'] as const) {
        const by = page.counts[method][which] - counts[method][which];
        if (by < 0)
          harmed.push(`slot ${slot} was not damaged, but its ${method} ${which} decreased by ${-by}`);
        grown[method][which] += by;
      }
    }
  }
  const counted = METHODS.reduce((sum, method) => {
    const { counter, histogram } = grown[method];
    return sum + Math.min(counter, histogram);
  }, 0);
  return { counted, harmed };
}
