import type { AccessEntry } from '../../../e2e/support/access-log.ts';

export const METHODS = ['GET', 'POST'] as const;
export type Method = (typeof METHODS)[number];

/** `$upstream_status` of an attempt without an answer from the app, which may have been counted. */
const UNANSWERED = new Set(['-', '502', '504']);

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly cause: string }
  | { readonly kind: 'aborted' };

/** One request of the load, open until its end and its line in the log of nginx are both known. */
export interface SentRequest {
  readonly id: number;
  readonly method: Method;
  readonly sentAt: number;
  /** `stage` of the ledger when it was sent. */
  readonly sentIn: number;
  endedAt: number | undefined;
  endedIn: number | undefined;
  outcome: Outcome | undefined;
  entry: AccessEntry | undefined;
}

/** Bounds on the counts of one method in the current interval: at least `certain`, at most `certain + uncertain`. */
export interface Bounds {
  /** Requests with a complete answer. */
  answered: number;
  /** Attempts that the app answered. */
  certain: number;
  /** Attempts without an answer, or that may have reached the app before a restart. */
  uncertain: number;
}

export interface LedgerTotals {
  sent: number;
  answered: number;
  failed: number;
  aborted: number;
  /** Attempts of nginx, retries included. */
  attempted: number;
  /** Requests without an answer and without a line in the log of nginx. */
  neverReached: number;
}

/**
 * Account of each request. A killed primary restarts the app, and its counts begin at 0. `stage` is even while the app runs and odd
 * during a restart. A request belongs to an even stage if it was sent and answered in it.
 */
export class Ledger {
  readonly totals: LedgerTotals = {
    sent: 0,
    answered: 0,
    failed: 0,
    aborted: 0,
    attempted: 0,
    neverReached: 0,
  };
  /** Answers that are missing or different in the log of nginx: the account itself is then unreliable. */
  readonly contradictions: string[] = [];
  readonly failures: SentRequest[] = [];
  /** Of the current interval, by method. */
  bounds: Record<Method, Bounds> = { GET: noRequests(), POST: noRequests() };
  stage = 0;

  readonly #open = new Map<number, SentRequest>();
  /** Requests without a log line at the end of their interval. */
  readonly #givenUp = new Set<number>();
  #lastId = 0;
  #inFlight = 0;
  #sentAtRestart = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests sent since the last restart began. */
  get sentSinceRestart(): number {
    return this.totals.sent - this.#sentAtRestart;
  }

  send(method: Method, now: number): SentRequest {
    this.#lastId += 1;
    const request: SentRequest = {
      id: this.#lastId,
      method,
      sentAt: now,
      sentIn: this.stage,
      endedAt: undefined,
      endedIn: undefined,
      outcome: undefined,
      entry: undefined,
    };
    this.#open.set(request.id, request);
    this.totals.sent += 1;
    this.#inFlight += 1;
    return request;
  }

  end(request: SentRequest, outcome: Outcome, now: number): void {
    request.outcome = outcome;
    request.endedAt = now;
    request.endedIn = this.stage;
    this.#inFlight -= 1;
    this.totals[outcome.kind] += 1;
    if (outcome.kind === 'failed') this.failures.push(request);
    if (outcome.kind === 'answered' && this.#isOfThisStage(request))
      this.bounds[request.method].answered += 1;
    if (request.entry) this.#book(request, request.entry);
  }

  /** Takes a line of the log of nginx. Ignores requests that are not of the load. */
  take(entry: AccessEntry): void {
    const id = idOf(entry.path);
    if (id === undefined) return;
    const request = this.#open.get(id);
    if (request === undefined) {
      if (this.#givenUp.delete(id)) this.#late(entry);
      // Otherwise it is booked already: a part of the log was read again.
      return;
    }
    request.entry = entry;
    if (request.outcome) this.#book(request, entry);
  }

  /** Adds answered requests that went to the app directly, not through nginx. */
  answeredDirectly(method: Method, requests: number): void {
    this.totals.sent += requests;
    this.totals.answered += requests;
    this.totals.attempted += requests;
    this.bounds[method].answered += requests;
    this.bounds[method].certain += requests;
  }

  /** Send time of the oldest answered request without a log line; undefined if every one has its line. */
  unconfirmedSince(): number | undefined {
    for (const { outcome, sentAt } of this.#open.values()) if (outcome?.kind === 'answered') return sentAt;
    return undefined;
  }

  /** Begins a new interval. @throws Error if a request is in flight */
  beginInterval(): void {
    for (const [id, { outcome }] of this.#open) {
      if (outcome === undefined) throw new Error(`request ${id} is still in flight`);
      if (outcome.kind === 'answered') {
        this.contradictions.push(
          `request ${id} was answered ${outcome.status}, but is not in the log of nginx`,
        );
      } else {
        this.totals.neverReached += 1;
        this.#givenUp.add(id);
      }
    }
    this.#open.clear();
    this.#blank();
  }

  /** The primary is about to be killed: answers from now on may be counted before or after the restart. */
  beginRestart(): void {
    if (this.stage % 2 !== 0) throw new Error('a restart is in progress');
    this.stage += 1;
    this.#sentAtRestart = this.totals.sent;
    this.#blank();
  }

  /** No process from before the restart is left. */
  endRestart(): void {
    if (this.stage % 2 === 0) throw new Error('no restart is in progress');
    this.stage += 1;
  }

  #late(entry: AccessEntry): void {
    const { certain, uncertain } = attemptsOf(entry);
    this.totals.neverReached -= 1;
    this.totals.attempted += certain + uncertain;
    this.bounds[entry.method as Method].uncertain += certain + uncertain;
  }

  #blank(): void {
    this.bounds = { GET: noRequests(), POST: noRequests() };
  }

  #isOfThisStage({ sentIn, endedIn }: SentRequest): boolean {
    return sentIn === endedIn && sentIn % 2 === 0 && sentIn === this.stage;
  }

  #book(request: SentRequest, entry: AccessEntry): void {
    this.#open.delete(request.id);
    const outcome = request.outcome!;
    if (outcome.kind === 'answered' && String(outcome.status) !== entry.status) {
      this.contradictions.push(
        `request ${request.id} was answered ${outcome.status}, but the log of nginx has ${entry.status}`,
      );
    }
    const { certain, uncertain } = attemptsOf(entry);
    this.totals.attempted += certain + uncertain;
    const bounds = this.bounds[request.method];
    if (this.#isOfThisStage(request)) {
      bounds.certain += certain;
      bounds.uncertain += uncertain;
    } else if (outcome.kind !== 'answered' || request.endedIn! % 2 !== 0 || request.endedIn === this.stage) {
      bounds.uncertain += certain + uncertain;
    }
    // Otherwise it was answered before a restart, which reset its count.
  }
}

function noRequests(): Bounds {
  return { answered: 0, certain: 0, uncertain: 0 };
}

const QUERY = 'n=';

export function addressOf(path: string, id: number): string {
  return `${path}?${QUERY}${id}`;
}

/** Needs the query in the log: kit/chaos/log-path.conf. */
function idOf(path: string): number | undefined {
  const query = path.split('?', 2)[1];
  return query?.startsWith(QUERY) ? Number(query.slice(QUERY.length)) : undefined;
}

/** Attempts of one request. nginx lists one status for each ("502, 200"), none if it did not forward the request ($upstream_status). */
export function attemptsOf({ upstream_status }: AccessEntry): { certain: number; uncertain: number } {
  if (upstream_status === '') return { certain: 0, uncertain: 0 };
  const statuses = upstream_status.split(/[,:]/).map((status) => status.trim());
  const uncertain = statuses.filter((status) => UNANSWERED.has(status)).length;
  return { certain: statuses.length - uncertain, uncertain };
}
