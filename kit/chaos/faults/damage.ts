import { setTimeout as delay } from 'node:timers/promises';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import type { Damage } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';
import { DAMAGES } from './damages.ts';
import { DIRECTORY, type Holder, holders, othersSince, slotPages } from './slot-pages.ts';

const UNDER_LOAD_MS = 500;
/** One stretch of load between two accounts, and how many of them until the counting must be exact again. */
const STRETCH_MS = 1_500;
const MOST_STRETCHES = 30;

export interface DamageDone extends Damage {
  readonly file: string;
  /** Attempts that the app answered, and how many of them were not counted, until all was exact again. */
  readonly certain: number;
  readonly lost: number;
  /** Increments in the totals, and those of them on the other slots' own pages. */
  readonly counted: number;
  readonly countedByOthers: number;
  /** What happened to a slot that was not damaged: nothing may. */
  readonly harmed: readonly string[];
  /** Counted, but not even attempted. */
  readonly surplus: number;
  /** Seconds from the damage to the end of the first stretch that was exact. */
  readonly recoveredSeconds: number | undefined;
  /** Whether the log, or a metric, said so. */
  readonly told: boolean;
}

const DEADLINE_MS = 60_000;

/**
 * Damages the slot file of a worker under load, and waits until the stack has mended that by itself: until a stretch of
 * load is counted exactly again.
 */
export async function damage(scene: Scene, planned: Damage): Promise<DamageDone> {
  await scene.closeBook();
  const before = await slotPages(scene);
  scene.load.start();
  await delay(UNDER_LOAD_MS);
  const { pid, slot } = await holderOf(scene, planned);
  const file = `${DIRECTORY}/slot-${slot}.metrics`;
  const told = scene.damageTold;
  const unreadable = scene.scrapes.unreadable;
  // The worker may die of it, or be replaced because of it.
  const death = scene.deaths.expect(planned.kind, pid);
  scene.scrapes.lossAllowed = true;
  const began = Date.now();
  let [certain, lost, surplus, counted, mostUnreadable] = [0, 0, 0, 0, unreadable];
  let others = { counted: 0, harmed: [] as readonly string[] };
  let recoveredSeconds: number | undefined;
  try {
    await scene.shell.run(DAMAGES[planned.kind]!(file));
    for (let i = 0; i < MOST_STRETCHES && recoveredSeconds === undefined; i++) {
      scene.load.start();
      await delay(STRETCH_MS);
      mostUnreadable = Math.max(mostUnreadable, scene.scrapes.unreadable);
      const closed = await scene.closeBook({ lossAllowed: true, mayStillDie: death });
      certain += closed.certain;
      lost += closed.lost;
      surplus += closed.surplus;
      counted += closed.counted;
      others = othersSince(before, await slotPages(scene, slot), slot);
      if (others.harmed.length > 0) break;
      // The first stretch may end before a truncated file is next written to.
      if (closed.lost === 0 && i > 0) recoveredSeconds = (Date.now() - began) / 1_000;
    }
    // The next damage is to meet a stack in order, whatever came of this one.
    if (recoveredSeconds === undefined) await replace(scene, pid);
  } finally {
    scene.deaths.cancel(death);
    scene.scrapes.lossAllowed = false;
  }
  return {
    ...planned,
    file: `slot-${slot}.metrics`,
    certain,
    lost,
    counted,
    countedByOthers: others.counted,
    harmed: others.harmed,
    surplus,
    recoveredSeconds,
    told: scene.damageTold > told || mostUnreadable > unreadable,
  };
}

async function replace({ shell, census }: Scene, pid: number): Promise<void> {
  await shell.attempt(`kill -s KILL ${pid}`);
  await poll(
    'its successor',
    async () => {
      const { workers, workersDesired } = await census.now();
      const ready = workers.filter((worker) => worker.state === 'ready' && worker.pid !== pid);
      return ready.length >= workersDesired ? true : undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** The worker whose file the plan means. */
async function holderOf(scene: Scene, { target }: Damage): Promise<Holder> {
  const { held, ready } = await holders(scene);
  const found = held[target % held.length];
  if (found === undefined)
    throw new Error(`no slot file is held by a ready worker: ${[...ready].join(', ')}`);
  return found;
}
