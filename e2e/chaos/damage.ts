import { setTimeout as delay } from 'node:timers/promises';
import { poll } from '../../scripts/measure/poll.ts';
import type { Damage, DamageKind } from './plan.ts';
import type { Scene } from './scene.ts';

const UNDER_LOAD_MS = 500;
/** One stretch of load between two accounts, and how many of them until the counting must be exact again. */
const STRETCH_MS = 1_500;
const MOST_STRETCHES = 30;

export interface DamageDone extends Damage {
  readonly file: string;
  /** Attempts that the app answered, and how many of them were not counted, until all was exact again. */
  readonly certain: number;
  readonly lost: number;
  /** Counted, but not even attempted. */
  readonly surplus: number;
  /** Seconds from the damage to the end of the first stretch that was exact. */
  readonly recoveredSeconds: number | undefined;
  /** Whether the log, or a metric, said so. */
  readonly told: boolean;
}

const DEADLINE_MS = 60_000;
const DIRECTORY = '"$PROMETHEUS_MULTIPROC_DIR"';

/** By kind: a header is 4096 bytes, the first chunk of the log follows it. */
const COMMANDS: Record<DamageKind, (file: string) => string> = {
  'overwrite-header': (file) => `dd if=/dev/urandom of=${file} bs=64 count=1 conv=notrunc status=none`,
  'overwrite-log': (file) => `dd if=/dev/urandom of=${file} bs=512 seek=8 count=1 conv=notrunc status=none`,
  delete: (file) => `rm ${file}`,
  truncate: (file) => `: >${file}`,
};

/**
 * Damages the slot file of a worker under load, and waits until the stack has mended that by itself: until a stretch of
 * load is counted exactly again.
 */
export async function damage(scene: Scene, planned: Damage): Promise<DamageDone> {
  await scene.closeBook();
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
  let [certain, lost, surplus, mostUnreadable] = [0, 0, 0, unreadable];
  let recoveredSeconds: number | undefined;
  try {
    await scene.shell.run(COMMANDS[planned.kind](file));
    for (let i = 0; i < MOST_STRETCHES && recoveredSeconds === undefined; i++) {
      scene.load.start();
      await delay(STRETCH_MS);
      mostUnreadable = Math.max(mostUnreadable, scene.scrapes.unreadable);
      const closed = await scene.closeBook({ lossAllowed: true, mayStillDie: death });
      certain += closed.certain;
      lost += closed.lost;
      surplus += closed.surplus;
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
      const { workers, workersWanted } = await census.now();
      const ready = workers.filter((worker) => worker.state === 'ready' && worker.pid !== pid);
      return ready.length >= workersWanted ? true : undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** The worker whose file the plan means. Its file says who holds it. */
async function holderOf(
  { census, shell }: Scene,
  { target }: Damage,
): Promise<{ pid: number; slot: number }> {
  const { workers } = await census.now();
  const list = `cd ${DIRECTORY} && for f in slot-*; do echo "$f $(od -An -tu4 -j28 -N4 "$f")"; done`;
  const held = (await shell.run(list))
    .split('\n')
    .map((line) => /^slot-(\d+)\.metrics\s+(\d+)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, slot, pid]) => ({ slot: Number(slot), pid: Number(pid) }))
    .filter(({ pid }) => workers.some((worker) => worker.pid === pid && worker.state === 'ready'))
    .sort((a, b) => a.slot - b.slot);
  const found = held[target % held.length];
  if (found === undefined)
    throw new Error(`no slot file is held by a ready worker: ${JSON.stringify(workers)}`);
  return found;
}
