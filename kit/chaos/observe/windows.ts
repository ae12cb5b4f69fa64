import type { SentRequest } from '../account/ledger.ts';

/** What ended, so requests may fail: a worker, the application or nginx. */
export type WindowKind = 'worker' | 'application' | 'proxy';

export interface FaultWindow {
  readonly kind: WindowKind;
  /** The fault that opened it. */
  readonly what: string;
  readonly from: number;
  /** Undefined while it lasts. */
  to: number | undefined;
}

export interface Attribution {
  /** Failed requests by the fault that explains them. */
  readonly byCause: Record<string, number>;
  readonly unexplained: string[];
}

const OVERLOAD = 'shed by the app';

/** Connections of a process may close this long after its exit was observed. */
const SLACK_MS = 250;

/** Records when faults could make requests fail, and attributes failed requests to them. */
export class FaultWindows {
  readonly windows: FaultWindow[] = [];
  /** Most requests in flight in one process: the connections of the load. */
  readonly #mostInFlight: number;

  constructor(mostInFlight: number) {
    this.#mostInFlight = mostInFlight;
  }

  open(kind: WindowKind, what: string, from: number): FaultWindow {
    const window: FaultWindow = { kind, what, from, to: undefined };
    this.windows.push(window);
    return window;
  }

  /** First window of these kinds that overlaps the time from `from` to `to`. */
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
          (candidate.kind !== 'worker' || (taken.get(candidate) ?? 0) < this.#mostInFlight),
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
 * After a worker exits, nginx answers 502 or 504, or 503 if it sent no byte of the request to the app: see nginx/errors.conf. No fault
 * explains an answer of the app, and only a restart of nginx explains a broken connection.
 */
function canExplain({ kind }: FaultWindow, { outcome, entry }: SentRequest): boolean {
  if (outcome?.kind !== 'failed') return false;
  if (kind === 'proxy') return !outcome.cause.startsWith('status ') || sentNothing(outcome.cause, entry);
  const byProxy = entry === undefined || /(?:^|[ ,:])(?:-|502|504)$/.test(entry.upstream_status);
  return byProxy && /^status 50[234]$/.test(outcome.cause);
}

/** Directly after its start nginx has no address of the app, so it sent nothing. */
function sentNothing(cause: string, entry: SentRequest['entry']): boolean {
  return cause === 'status 503' && entry?.upstream_status === '502';
}

/** The app shed the request and counted it: the machine is overloaded, no guarantee is broken. */
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
