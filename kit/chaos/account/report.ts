import type { DamageDone } from '../faults/damage.ts';
import { FAULTS, type FaultTypes } from '../faults/faults.ts';
import type { ScrapesReport } from '../observe/scrapes.ts';
import type { Attribution } from '../observe/windows.ts';
import type { SlotsReport } from '../scene.ts';
import type { BooksReport } from './books.ts';
import type { LedgerTotals } from './ledger.ts';

/** What a run found, before it is judged. */
export interface Findings {
  readonly seed: number;
  readonly began: string;
  readonly seconds: number;
  readonly workers: number;
  readonly faultSeconds: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Faults of the plan that met nobody, as when the victim had just ended for another reason. */
  readonly missed: number;
  /** All of them in order, to look up what happened at the time of a failure. */
  readonly faultLog: readonly FaultDone[];
  /** Faults that could not be done: then the run says nothing about them. */
  readonly undone: readonly string[];
  readonly damage: readonly DamageDone[];
  readonly requests: LedgerTotals;
  readonly books: BooksReport;
  readonly scrapes: ScrapesReport;
  readonly failures: Attribution;
  readonly unexpectedDeaths: readonly string[];
  /** While there were only process faults. */
  readonly slots: SlotsReport;
  readonly contradictions: readonly string[];
  /** What Prometheus itself saw: `undefined` where the run ended before it was asked. */
  readonly prometheus: PrometheusFindings | undefined;
}

export interface FaultDone {
  readonly number: number;
  readonly kind: string;
  readonly met: boolean;
  readonly from: string;
  readonly to: string;
}

export interface PrometheusFindings {
  readonly mostResets: number;
  readonly agrees: boolean;
}

export interface Report extends Findings {
  readonly faultsPerMinute: number;
  readonly processFaults: number;
  readonly primaryRestarts: number;
  /** The promises that were broken, a sentence each. */
  readonly broken: readonly string[];
}

const SHOWN = 5;

export function judge(findings: Findings, types: FaultTypes = FAULTS): Report {
  const processFaults = sumOf(findings.faults);
  const ending = Object.entries(findings.faults).filter(([kind]) => types[kind]?.ends === 'application');
  const primaryRestarts = sumOf(Object.fromEntries(ending));
  return {
    ...findings,
    processFaults,
    faultsPerMinute: Math.round((processFaults * 60) / findings.faultSeconds),
    primaryRestarts,
    broken: brokenPromises(findings, primaryRestarts),
  };
}

function brokenPromises(found: Findings, primaryRestarts: number): string[] {
  const { scrapes, books, failures } = found;
  const broken: string[] = [];
  const list = (what: string, items: readonly unknown[]) => {
    if (items.length === 0) return;
    const first = items
      .slice(0, SHOWN)
      .map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
    broken.push(`${items.length} ${what}: ${first.join(' | ')}`);
  };
  list('decreases', scrapes.decreases);
  if (scrapes.resets !== primaryRestarts) {
    broken.push(
      `everything was set back ${scrapes.resets} times, but the primary was killed ${primaryRestarts} times`,
    );
  }
  list('accounts that do not balance', books.wrong);
  list('scrapes that lacked what had been answered before', scrapes.behind);
  list('failed scrapes that no fault explains', scrapes.unexplained);
  list('failed requests that no fault explains', failures.unexplained);
  list('processes that ended without a fault', found.unexpectedDeaths);
  list('lives with more slot files than processes', found.slots.tooMany);
  list('answers that the log of nginx tells otherwise', found.contradictions);
  list('faults that could not be done', found.undone);
  list('kinds of faults of which none met anybody', missedKinds(found));
  for (const done of found.damage) {
    const { number, kind, file, certain, lost, surplus, recoveredSeconds, told } = done;
    const what = `damage ${number}, ${kind} of ${file}`;
    if (recoveredSeconds === undefined) broken.push(`${what}: counting was not exact again by itself`);
    if (lost > 0 && !told) broken.push(`${what}: ${lost} of ${certain} lost, and nothing said so`);
    if (surplus > 0) broken.push(`${what}: ${surplus} counted twice`);
    if (lost > 0 && lost >= certain) broken.push(`${what}: all ${lost} lost, not those of one slot`);
    for (const harm of done.harmed) broken.push(`${what}: ${harm}`);
    if (done.counted < done.countedByOthers) {
      broken.push(
        `${what}: the other slots counted ${done.countedByOthers}, the totals only ${done.counted}`,
      );
    }
  }
  if (found.prometheus && !found.prometheus.agrees)
    broken.push('Prometheus and the metrics door end with different totals');
  if (found.prometheus && found.prometheus.mostResets > primaryRestarts) {
    broken.push(`Prometheus saw ${found.prometheus.mostResets} resets of one series`);
  }
  // A run in which nothing happened holds nothing.
  if (sumOf(found.faults) === 0) broken.push('no process fault was done');
  if (found.requests.answered === 0) broken.push('no request was answered');
  if (scrapes.scrapes === 0) broken.push('no scrape succeeded');
  return broken;
}

function sumOf(faults: Findings['faults']): number {
  return Object.values(faults).reduce((sum, n) => sum + n, 0);
}

function missedKinds({ faults, faultLog }: Findings): string[] {
  const tried = new Set(faultLog.map(({ kind }) => kind));
  return [...tried].filter((kind) => !faults[kind]);
}

export function asText(report: Report): string {
  const { requests, books, scrapes, failures, prometheus } = report;
  const damaged = countBy(report.damage.map(({ kind }) => kind));
  const lostByDamage = report.damage.reduce((sum, { lost }) => sum + lost, 0);
  const slowest = Math.max(0, ...report.damage.map(({ recoveredSeconds }) => recoveredSeconds ?? Infinity));
  const lines: [string, string][] = [
    ['seed', String(report.seed)],
    ['time', `${report.began}, ${Math.round(report.seconds)} s, ${report.workers} workers`],
    [
      'process faults',
      `${report.processFaults}, ${report.faultsPerMinute} a minute (${each(report.faults)})`,
    ],
    ['file damage', `${report.damage.length} (${each(damaged)})`],
    [
      'requests',
      `${requests.sent} sent, ${requests.answered} answered, ${requests.aborted} given up by the client, ${requests.failed} failed`,
    ],
    ['attempts', `${requests.attempted} handed to the app by nginx, retries included`],
    [
      'account',
      `${books.closed} times closed: ${books.answered} answered <= ${books.counted} counted, ${books.uncertain} uncertain`,
    ],
    ['lost', `${books.lost}`],
    ['counted twice', `${books.surplus}`],
    ['decreases', `${scrapes.decreases.length}`],
    ['resets', `${scrapes.resets}, primary killed ${report.primaryRestarts} times`],
    [
      'scrapes',
      `${scrapes.scrapes}, slowest ${scrapes.slowestMs} ms; failed while restarting: ${each(scrapes.failed)}`,
    ],
    ['failures by cause', each(failures.byCause)],
    ['unexplained', `${failures.unexplained.length}`],
    ['slot files', `${report.slots.most} at most, ${report.slots.mostProcesses} processes at most`],
    [
      'file damage cost',
      `${lostByDamage} counts of the damaged slots; exact again after ${slowest.toFixed(1)} s at most`,
    ],
    [
      'Prometheus',
      prometheus
        ? `${prometheus.agrees ? 'the same totals' : 'other totals'}, at most ${prometheus.mostResets} resets of a series`
        : 'not asked',
    ],
  ];
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  const text = lines.map(([name, value]) => name.padEnd(width) + value);
  const verdict =
    report.broken.length === 0
      ? ['every promise held']
      : [`${report.broken.length} promises broken:`, ...report.broken.map((line) => `  ${line}`)];
  return [...text, '', ...verdict].join('\n');
}

function each(counts: Readonly<Record<string, number | undefined>>): string {
  const pairs = Object.entries(counts).map(([name, n]) => `${name} ${n}`);
  return pairs.join(', ') || 'none';
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
