import { type Counts, NOTHING } from '../observe/scrapes.ts';
import { type Ledger, METHODS, type Method } from './ledger.ts';

/** Requests and counts of one interval of the run, which ends while no request is in flight. */
export interface Balance {
  readonly answered: number;
  readonly certain: number;
  readonly uncertain: number;
  readonly counted: number;
  /** Certain but not counted. */
  readonly lost: number;
  /** Counted but not attempted. */
  readonly surplus: number;
}

/** Balance over both methods. Each method uses the worse of counter and histogram. */
export function balance(ledger: Ledger, base: Counts, now: Counts): Balance {
  let sum: Balance = { answered: 0, certain: 0, uncertain: 0, counted: 0, lost: 0, surplus: 0 };
  for (const method of METHODS) {
    const { answered, certain, uncertain } = ledger.bounds[method];
    const counted = differences(base, now, method);
    const [least, most] = [Math.min(...counted), Math.max(...counted)];
    sum = {
      answered: sum.answered + answered,
      certain: sum.certain + certain,
      uncertain: sum.uncertain + uncertain,
      counted: sum.counted + least,
      lost: sum.lost + Math.max(0, certain - least),
      surplus: sum.surplus + Math.max(0, most - certain - uncertain),
    };
  }
  return sum;
}

function differences(base: Counts, now: Counts, method: Method): number[] {
  return (['counter', 'histogram'] as const).map((which) => now[method][which] - base[method][which]);
}

export interface BooksReport {
  closed: number;
  answered: number;
  counted: number;
  uncertain: number;
  lost: number;
  surplus: number;
  /** Balances with lost or surplus increments. */
  readonly wrong: string[];
}

/** Adds up the balances of a run. */
export class Books {
  readonly report: BooksReport = {
    closed: 0,
    answered: 0,
    counted: 0,
    uncertain: 0,
    lost: 0,
    surplus: 0,
    wrong: [],
  };
  /** Counts at the start of the current interval. */
  base: Counts = NOTHING;

  add(closed: Balance, at: string): void {
    const { report } = this;
    report.closed += 1;
    report.answered += closed.answered;
    report.counted += closed.counted;
    report.uncertain += closed.uncertain;
    report.surplus += closed.surplus;
    report.lost += closed.lost;
    if (closed.surplus > 0 || closed.lost > 0) report.wrong.push(`${at}: ${JSON.stringify(closed)}`);
  }
}
