import type { SentRequest } from '../account/ledger.ts';

/** What may make requests fail while it lasts. */
export type WindowKind = 'death' | 'application' | 'proxy';

export interface FaultWindow {
  readonly kind: WindowKind;
  /** The fault that opened it. */
  readonly what: string;
  readonly from: number;
  /** Undefined while it lasts. */
  to: number | undefined;
}

export interface Attribution {
  /** Failures by the fault that explains them. */
  readonly byCause: Record<string, number>;
  readonly unexplained: string[];
}

const OVERLOAD = 'turned away by the app as overload';

/** A dying process closes its connections a little before or after its end is noticed: that much later at most. */
const SLACK_MS = 250;

/** When which fault could make a request fail, and why each one that failed did. */
export class FaultWindows {
  readonly windows: FaultWindow[] = [];
  /** How many requests can be in the hands of one process: the connections of the load. */
  readonly #mostInFlight: number;

  constructor(mostInFlight: number) {
    this.#mostInFlight = mostInFlight;
  }

  open(kind: WindowKind, what: string, from: number): FaultWindow {
    const window: FaultWindow = { kind, what, from, to: undefined };
    this.windows.push(window);
    return window;
  }

  /** The window of one of the kinds that lay open at some time from `from` to `to`. */
  at(kinds: readonly WindowKind[], from: number, to: number): FaultWindow | undefined {
    return this.windows.find((window) => kinds.includes(window.kind) && overlaps(window, from, to));
  }

  attribute(failures: readonly SentRequest[]): Attribution {
    const byCause: Record<string, number> = {};
    const unexplained: string[] = [];
    const taken = new Map<FaultWindow, number>();
    for (const failure of failures) {
      if (isOverload(failure)) {
        byCause[OVERLOAD] = (byCause[OVERLOAD] ?? 0) + 1;
        continue;
      }
      const window = this.windows.find(
        (candidate) =>
          canExplain(candidate, failure) &&
          overlaps(candidate, failure.sentAt, failure.endedAt!) &&
          (candidate.kind !== 'death' || (taken.get(candidate) ?? 0) < this.#mostInFlight),
      );
      if (window === undefined) {
        unexplained.push(describe(failure));
        continue;
      }
      taken.set(window, (taken.get(window) ?? 0) + 1);
      byCause[window.what] = (byCause[window.what] ?? 0) + 1;
    }
    return { byCause, unexplained };
  }
}

/**
 * nginx answers for a process that died: 502, 504, or 503 where nothing had been sent to it yet. What the app itself
 * answered is explained by nothing, and a connection that breaks is nginx's own end.
 */
function canExplain({ kind }: FaultWindow, { outcome, entry }: SentRequest): boolean {
  if (outcome?.kind !== 'failed') return false;
  if (kind === 'proxy') return !outcome.cause.startsWith('status ') || knewNobody(outcome.cause, entry);
  const byProxy = entry === undefined || /(?:^|[ ,:])(?:-|502|504)$/.test(entry.upstream_status);
  return byProxy && /^status 50[234]$/.test(outcome.cause);
}

/** nginx that has just begun does not know yet where the app is: nothing was sent to anybody. */
function knewNobody(cause: string, entry: SentRequest['entry']): boolean {
  return cause === 'status 503' && entry?.upstream_status === '502';
}

/** The app itself turned it away, and counted it: a machine with too much to do, and no fault. */
function isOverload({ outcome, entry }: SentRequest): boolean {
  const byApp = entry !== undefined && /(?:^|[ ,:])503$/.test(entry.upstream_status);
  return byApp && outcome?.kind === 'failed' && outcome.cause === 'status 503';
}

function overlaps({ from, to }: FaultWindow, sentAt: number, endedAt: number): boolean {
  return from <= endedAt && sentAt <= (to ?? Infinity) + SLACK_MS;
}

function describe({ id, method, sentAt, endedAt, outcome, entry }: SentRequest): string {
  const cause = outcome?.kind === 'failed' ? outcome.cause : outcome?.kind;
  const seen = entry
    ? `nginx: ${entry.status}, upstream "${entry.upstream_status}"`
    : 'not in the log of nginx';
  return `${method} ${id}: ${cause}, ${new Date(sentAt).toISOString()} for ${endedAt! - sentAt} ms (${seen})`;
}
