import { Random } from '../../../packages/prom-multiproc/test/support/random.ts';
import { DAMAGES } from '../faults/damages.ts';
import { FAULTS, type FaultType, type FaultTypes } from '../faults/faults.ts';

export interface Fault {
  readonly number: number;
  /** Its name in the table. */
  readonly kind: string;
  readonly type: FaultType;
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
 * has them by weight, both shuffled. Scaling up and down take turns, so that the number of workers stays in bounds.
 */
export function* planFaults(
  seed: number,
  count = Infinity,
  types: FaultTypes = FAULTS,
): Generator<Fault, void> {
  const random = new Random(seed);
  const kinds = Object.keys(types);
  const byWeight = kinds.flatMap((kind) => Array.from({ length: types[kind]!.weight }, () => kind));
  const inTurn = turns(types);
  let number = 0;
  for (let round = 0; ; round++) {
    for (const dealt of random.shuffled(round === 0 ? kinds : byWeight)) {
      if (number === count) return;
      const kind = inTurn(dealt);
      number += 1;
      yield {
        number,
        kind,
        type: types[kind]!,
        target: random.int(MOST_TARGETS),
        holdMs: between(HOLD_MS, random),
        pauseMs: between(PAUSE_MS, random),
      };
    }
  }
}

/** The kind whose turn it is where one of several that take turns comes. */
function turns(types: FaultTypes): (dealt: string) => string {
  const taken = new Map<string, number>();
  return (dealt) => {
    const group = types[dealt]!.turns;
    if (group === undefined) return dealt;
    const members = Object.keys(types).filter((kind) => types[kind]!.turns === group);
    const turn = taken.get(group) ?? 0;
    taken.set(group, turn + 1);
    return members[turn % members.length]!;
  };
}

function between({ least, most }: { least: number; most: number }, random: Random): number {
  return least + random.int(most - least);
}

export interface Damage {
  readonly number: number;
  readonly kind: string;
  /** Which of the files that are held, counted from the lowest slot, modulo their number. */
  readonly target: number;
}

/** `rounds` times each kind of damage, each round shuffled. */
export function planDamage(seed: number, rounds: number): Damage[] {
  const random = new Random(seed ^ 0x5107);
  const kinds = Array.from({ length: rounds }, () => random.shuffled(Object.keys(DAMAGES))).flat();
  return kinds.map((kind, i) => ({ number: i + 1, kind, target: random.int(MOST_TARGETS) }));
}
