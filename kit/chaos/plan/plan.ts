import { Random } from '../../../packages/prom-multiproc/test/support/random.ts';
import { DAMAGES } from '../faults/damages.ts';
import { FAULTS, type FaultType, type FaultTypes } from '../faults/faults.ts';

export interface Fault {
  readonly number: number;
  /** Key in the table of faults. */
  readonly kind: string;
  readonly type: FaultType;
  /** Index of the victim among the possible processes, oldest first, modulo their number. */
  readonly target: number;
  /** Duration of a fault that lasts. */
  readonly holdMs: number;
  /** Pause after it. */
  readonly pauseMs: number;
}

const MOST_TARGETS = 64;
const HOLD_MS = { least: 200, most: 3_000 };
const PAUSE_MS = { least: 200, most: 1_000 };

/**
 * The first `count` faults of an endless sequence that depends only on the seed. The first round has every kind once, later rounds have
 * them by weight, each shuffled. Scaling up and down alternate, which bounds the number of workers.
 */
export function* planFaults(
  seed: number,
  count = Infinity,
  types: FaultTypes = FAULTS,
): Generator<Fault, void> {
  const random = new Random(seed);
  const kinds = Object.keys(types);
  const byWeight = kinds.flatMap((kind) => Array.from({ length: types[kind]!.weight }, () => kind));
  const inTurn = alternating(types);
  let number = 0;
  for (let round = 0; ; round++) {
    for (const drawn of random.shuffled(round === 0 ? kinds : byWeight)) {
      if (number === count) return;
      const kind = inTurn(drawn);
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

/** Replaces a kind of an alternating group by the kind whose turn it is. */
function alternating(types: FaultTypes): (drawn: string) => string {
  const taken = new Map<string, number>();
  return (drawn) => {
    const group = types[drawn]!.alternates;
    if (group === undefined) return drawn;
    const members = Object.keys(types).filter((kind) => types[kind]!.alternates === group);
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
  /** Index of the file among the held files, lowest slot first, modulo their number. */
  readonly target: number;
}

/** Each kind of damage once per round, shuffled. */
export function planDamage(seed: number, rounds: number): Damage[] {
  const random = new Random(seed ^ 0x5107);
  const kinds = Array.from({ length: rounds }, () => random.shuffled(Object.keys(DAMAGES))).flat();
  return kinds.map((kind, i) => ({ number: i + 1, kind, target: random.int(MOST_TARGETS) }));
}
