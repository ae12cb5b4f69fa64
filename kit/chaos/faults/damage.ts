import { setTimeout as delay } from 'node:timers/promises';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import type { Damage } from '../plan/plan.ts';
import type { Scene } from '../scene.ts';
import { DAMAGES } from './damages.ts';
import { DIRECTORY, type Holder, holders, othersSince, slotPages } from './slot-pages.ts';

const UNDER_LOAD_MS = 500;
/** Length of one interval of load, and the number of intervals within which the counts must be exact again. */
const INTERVAL_MS = 1_500;
const MOST_INTERVALS = 30;

export interface DamageDone extends Damage {
  readonly file: string;
  /** Attempts that the app answered until recovery, and those of them that were not counted. */
  readonly certain: number;
  readonly lost: number;
  /** Increments in the totals, and those on the pages of the other slots. */
  readonly counted: number;
  readonly countedByOthers: number;
  /** Harm to slots that were not damaged: must be empty. */
  readonly harmed: readonly string[];
  /** Counted but not attempted. */
  readonly surplus: number;
  /** Seconds from the damage to the end of the first exact interval; undefined without recovery. */
  readonly recoveredSeconds: number | undefined;
  /** True if the log or a metric reported the damage. */
  readonly reported: boolean;
}

const DEADLINE_MS = 60_000;

/** Damages the slot file of a worker under load, and waits until the stack counts an interval of load exactly again. */
export async function damage(scene: Scene, planned: Damage): Promise<DamageDone> {
  await scene.closeInterval();
  const before = await slotPages(scene);
  scene.load.start();
  await delay(UNDER_LOAD_MS);
  const { pid, slot } = await holderOf(scene, planned);
  const file = `${DIRECTORY}/slot-${slot}.metrics`;
  const reported = scene.damageReports;
  const unreadable = scene.scrapes.unreadable;
  // The worker may crash or be replaced.
  const expected = scene.exits.expect(planned.kind, pid);
  scene.scrapes.lossAllowed = true;
  const began = Date.now();
  let [certain, lost, surplus, counted, mostUnreadable] = [0, 0, 0, 0, unreadable];
  let others = { counted: 0, harmed: [] as readonly string[] };
  let recoveredSeconds: number | undefined;
  try {
    await scene.shell.run(DAMAGES[planned.kind]!(file));
    for (let i = 0; i < MOST_INTERVALS && recoveredSeconds === undefined; i++) {
      scene.load.start();
      await delay(INTERVAL_MS);
      mostUnreadable = Math.max(mostUnreadable, scene.scrapes.unreadable);
      const closed = await scene.closeInterval({ lossAllowed: true, optionalExit: expected });
      certain += closed.certain;
      lost += closed.lost;
      surplus += closed.surplus;
      counted += closed.counted;
      others = othersSince(before, await slotPages(scene, slot), slot);
      if (others.harmed.length > 0) break;
      // The first interval may end before the worker next writes to a truncated file.
      if (closed.lost === 0 && i > 0) recoveredSeconds = (Date.now() - began) / 1_000;
    }
    // The next damage needs a healthy stack.
    if (recoveredSeconds === undefined) await replace(scene, pid);
  } finally {
    scene.exits.cancel(expected);
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
    reported: scene.damageReports > reported || mostUnreadable > unreadable,
  };
}

async function replace({ shell, status }: Scene, pid: number): Promise<void> {
  await shell.attempt(`kill -s KILL ${pid}`);
  await poll(
    'a replacement worker',
    async () => {
      const { workers, workersDesired } = await status.now();
      const ready = workers.filter((worker) => worker.state === 'ready' && worker.pid !== pid);
      return ready.length >= workersDesired ? true : undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** Worker whose file the plan selects. @throws Error if no ready worker holds one */
async function holderOf(scene: Scene, { target }: Damage): Promise<Holder> {
  const { held, ready } = await holders(scene);
  const found = held[target % held.length];
  if (found === undefined)
    throw new Error(`no slot file is held by a ready worker: ${[...ready].join(', ')}`);
  return found;
}
