import { Random } from '../../../packages/prom-multiproc/test/support/random.ts';

/** How often each kind comes in a round; every kind comes at least once. */
const WEIGHTS = {
  kill: 27,
  stop: 9,
  stick: 2,
  abort: 6,
  throw: 6,
  'out-of-memory': 2,
  block: 3,
  'scale-up': 2,
  'scale-down': 2,
  reload: 2,
  'fill-tmpfs': 2,
  'second-start': 1,
  'second-instance': 1,
  'restart-nginx': 1,
  'restart-prometheus': 1,
  'kill-primary': 1,
} as const;

export type FaultKind = keyof typeof WEIGHTS;

export const FAULT_KINDS = Object.keys(WEIGHTS) as FaultKind[];

export interface Fault {
  readonly number: number;
  readonly kind: FaultKind;
  /** Which of the processes that can take it, counted from the oldest, modulo their number. */
  readonly target: number;
  /** How long the fault lasts, for those that last. */
  readonly holdMs: number;
  /** Rest after it. */
  readonly pauseMs: number;
}

const MOST_TARGETS = 64;
const HOLD_MS = { least: 200, most: 3_000 };
const PAUSE_MS = { least: 200, most: 1_000 };

/**
 * The faults of a run, the first `count` of an endless row: a pure function of the seed. The first round has every kind once, each further one
 * has them by weight, both shuffled. Scaling up and down alternate, so that the number of workers stays in bounds.
 */
export function* planFaults(seed: number, count = Infinity): Generator<Fault, void> {
  const random = new Random(seed);
  let number = 0;
  let up = true;
  for (let round = 0; ; round++) {
    for (const dealt of random.shuffled(round === 0 ? FAULT_KINDS : fullRound())) {
      if (number === count) return;
      let kind = dealt;
      if (dealt === 'scale-up' || dealt === 'scale-down') {
        kind = up ? 'scale-up' : 'scale-down';
        up = !up;
      }
      number += 1;
      yield {
        number,
        kind,
        target: random.int(MOST_TARGETS),
        holdMs: between(HOLD_MS, random),
        pauseMs: between(PAUSE_MS, random),
      };
    }
  }
}

function fullRound(): FaultKind[] {
  return FAULT_KINDS.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind));
}

function between({ least, most }: { least: number; most: number }, random: Random): number {
  return least + random.int(most - least);
}

export const DAMAGE_KINDS = ['overwrite-header', 'overwrite-log', 'delete', 'truncate'] as const;

export type DamageKind = (typeof DAMAGE_KINDS)[number];

export interface Damage {
  readonly number: number;
  readonly kind: DamageKind;
  /** Which of the files that are held, counted from the lowest slot, modulo their number. */
  readonly target: number;
}

/** `rounds` times each kind of damage, each round shuffled. */
export function planDamage(seed: number, rounds: number): Damage[] {
  const random = new Random(seed ^ 0x5107);
  const kinds = Array.from({ length: rounds }, () => random.shuffled(DAMAGE_KINDS)).flat();
  return kinds.map((kind, i) => ({ number: i + 1, kind, target: random.int(MOST_TARGETS) }));
}
