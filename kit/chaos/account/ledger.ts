import type { AccessEntry } from '../../../e2e/support/access-log.ts';

export const METHODS = ['GET', 'POST'] as const;
export type Method = (typeof METHODS)[number];

/** Statuses of nginx's own for an attempt that got no answer: it may have been counted, or not. */
const UNANSWERED = new Set(['-', '502', '504']);

export type Outcome =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly cause: string }
  | { readonly kind: 'aborted' };

/** One request of the load, from its sending until its end and its line in nginx's log are both known. */
export interface SentRequest {
  readonly id: number;
  readonly method: Method;
  readonly sentAt: number;
  readonly sentIn: number;
  endedAt: number | undefined;
  endedIn: number | undefined;
  outcome: Outcome | undefined;
  entry: AccessEntry | undefined;
}

/** What the application must have counted of one method since the book was opened: `certain` at least, with `uncertain` at most. */
export interface Page {
  /** Requests whose whole answer has come. */
  answered: number;
  /** Attempts at the app that it answered. */
  certain: number;
  /** Attempts that died on the way, or that may have met the life of the application before this one. */
  uncertain: number;
}

export interface LedgerTotals {
  sent: number;
  answered: number;
  failed: number;
  aborted: number;
  /** Requests handed to the app, each as often as nginx tried it. */
  attempted: number;
  /** Ended without an answer and without a line in nginx's log: they never reached it. */
  neverReached: number;
}

/**
 * The account of each request. The application lives several times in a run: when its primary is killed, its counts begin
 * anew. `stage` is even while it lives and odd while it is being killed; a request belongs to a life when it was sent and
 * answered in it.
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
  /** Answers that nginx's log tells otherwise, or not at all: then the account itself cannot be trusted. */
  readonly contradictions: string[] = [];
  readonly failures: SentRequest[] = [];
  /** By method: the page of the book that is open. */
  pages: Record<Method, Page> = { GET: blankPage(), POST: blankPage() };
  stage = 0;

  readonly #open = new Map<number, SentRequest>();
  /** Those without a line in the log when a page was turned. */
  readonly #givenUp = new Set<number>();
  #lastId = 0;
  #inFlight = 0;
  #sentAtEndOfLife = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests sent since the last life began to end. */
  get sentSinceEndOfLife(): number {
    return this.totals.sent - this.#sentAtEndOfLife;
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
    if (outcome.kind === 'answered' && this.#livedThrough(request)) this.pages[request.method].answered += 1;
    if (request.entry) this.#book(request, request.entry);
  }

  /** Takes a line of nginx's log; those of others than the load are passed over. */
  take(entry: AccessEntry): void {
    const id = idOf(entry.path);
    if (id === undefined) return;
    const request = this.#open.get(id);
    if (request === undefined) {
      if (this.#givenUp.delete(id)) this.#late(entry);
      // Else it is booked already: part of the log was read again.
      return;
    }
    request.entry = entry;
    if (request.outcome) this.#book(request, entry);
  }

  /** Requests answered to somebody who asked the app itself, so that nginx does not know of them. */
  answeredDirectly(method: Method, requests: number): void {
    this.totals.sent += requests;
    this.totals.answered += requests;
    this.totals.attempted += requests;
    this.pages[method].answered += requests;
    this.pages[method].certain += requests;
  }

  /** When the oldest answered request was sent that still waits for its line in the log; undefined where none does. */
  unconfirmedSince(): number | undefined {
    for (const { outcome, sentAt } of this.#open.values()) if (outcome?.kind === 'answered') return sentAt;
    return undefined;
  }

  /** Begins new pages. Nothing may be in flight, and the log must have come to rest. */
  turnPage(): void {
    for (const [id, { outcome }] of this.#open) {
      if (outcome === undefined) throw new Error(`request ${id} is still in flight`);
      if (outcome.kind === 'answered') {
        this.contradictions.push(
          `request ${id} was answered ${outcome.status}, but nginx's log has no line of it`,
        );
      } else {
        this.totals.neverReached += 1;
        this.#givenUp.add(id);
      }
    }
    this.#open.clear();
    this.#blank();
  }

  /** The primary is about to be killed: what is answered from now on may be of this life or of the next. */
  endLife(): void {
    if (this.stage % 2 !== 0) throw new Error('this life is ending already');
    this.stage += 1;
    this.#sentAtEndOfLife = this.totals.sent;
    this.#blank();
  }

  /** No process of the old life is left. */
  beginLife(): void {
    if (this.stage % 2 === 0) throw new Error('this life has begun already');
    this.stage += 1;
  }

  #late(entry: AccessEntry): void {
    const { certain, uncertain } = attemptsOf(entry);
    this.totals.neverReached -= 1;
    this.totals.attempted += certain + uncertain;
    this.pages[entry.method as Method].uncertain += certain + uncertain;
  }

  #blank(): void {
    this.pages = { GET: blankPage(), POST: blankPage() };
  }

  #livedThrough({ sentIn, endedIn }: SentRequest): boolean {
    return sentIn === endedIn && sentIn % 2 === 0 && sentIn === this.stage;
  }

  #book(request: SentRequest, entry: AccessEntry): void {
    this.#open.delete(request.id);
    const outcome = request.outcome!;
    if (outcome.kind === 'answered' && String(outcome.status) !== entry.status) {
      this.contradictions.push(
        `request ${request.id}: answered ${outcome.status}, in nginx's log ${entry.status}`,
      );
    }
    const { certain, uncertain } = attemptsOf(entry);
    this.totals.attempted += certain + uncertain;
    const page = this.pages[request.method];
    if (this.#livedThrough(request)) {
      page.certain += certain;
      page.uncertain += uncertain;
    } else if (outcome.kind !== 'answered' || request.endedIn! % 2 !== 0 || request.endedIn === this.stage) {
      page.uncertain += certain + uncertain;
    }
    // Else it was answered in a life that is over: its count went with that life.
  }
}

function blankPage(): Page {
  return { answered: 0, certain: 0, uncertain: 0 };
}

const QUERY = 'n=';

export function addressOf(path: string, id: number): string {
  return `${path}?${QUERY}${id}`;
}

/** log-path.conf of this folder logs the query, too. */
function idOf(path: string): number | undefined {
  const query = path.split('?', 2)[1];
  return query?.startsWith(QUERY) ? Number(query.slice(QUERY.length)) : undefined;
}

/** nginx lists one status for each attempt ("502, 200"), and none for a request that it did not hand on. */
export function attemptsOf({ upstream_status }: AccessEntry): { certain: number; uncertain: number } {
  if (upstream_status === '') return { certain: 0, uncertain: 0 };
  const statuses = upstream_status.split(/[,:]/).map((status) => status.trim());
  const uncertain = statuses.filter((status) => UNANSWERED.has(status)).length;
  return { certain: statuses.length - uncertain, uncertain };
}
