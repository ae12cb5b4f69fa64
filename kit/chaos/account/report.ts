import type { DamageDone } from '../faults/damage.ts';
import { FAULTS, type FaultTypes } from '../faults/faults.ts';
import type { ScrapesReport } from '../observe/scrapes.ts';
import type { Attribution } from '../observe/windows.ts';
import type { SlotsReport } from '../scene.ts';
import type { BooksReport } from './books.ts';
import type { LedgerTotals } from './ledger.ts';

/** Results of a run, before they are judged. */
export interface Findings {
  readonly seed: number;
  readonly began: string;
  readonly seconds: number;
  readonly workers: number;
  readonly faultSeconds: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Faults that hit no process, for example because the victim had just exited. */
  readonly missed: number;
  /** All faults in order, to find those at the time of a failure. */
  readonly faultLog: readonly FaultDone[];
  /** Faults that could not be injected. */
  readonly undone: readonly string[];
  readonly damage: readonly DamageDone[];
  readonly requests: LedgerTotals;
  readonly books: BooksReport;
  readonly scrapes: ScrapesReport;
  readonly failures: Attribution;
  readonly unexpectedExits: readonly string[];
  /** During the process faults. */
  readonly slots: SlotsReport;
  readonly contradictions: readonly string[];
  /** Undefined if the run ended before Prometheus was queried. */
  readonly prometheus: PrometheusFindings | undefined;
}

export interface FaultDone {
  readonly number: number;
  readonly kind: string;
  readonly hit: boolean;
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
  /** One sentence for each finding that fails the run. */
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
    broken: brokenGuarantees(findings, primaryRestarts),
  };
}

function brokenGuarantees(found: Findings, primaryRestarts: number): string[] {
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
      `all series were reset ${scrapes.resets} times, but the primary was killed ${primaryRestarts} times`,
    );
  }
  list('intervals that do not balance', books.wrong);
  list('scrapes without counts of requests answered before', scrapes.behind);
  list('failed scrapes without a fault', scrapes.unexplained);
  list('failed requests without a fault', failures.unexplained);
  list('processes that exited without a fault', found.unexpectedExits);
  list('starts of the app with more slot files than processes', found.slots.tooMany);
  list('answers that contradict the log of nginx', found.contradictions);
  list('faults that could not be injected', found.undone);
  list('kinds of faults that hit no process', missedKinds(found));
  for (const done of found.damage) {
    const { number, kind, file, certain, lost, surplus, recoveredSeconds, reported } = done;
    const what = `damage ${number}, ${kind} of ${file}`;
    if (recoveredSeconds === undefined) broken.push(`${what}: the stack did not recover exact counts`);
    if (lost > 0 && !reported)
      broken.push(`${what}: ${lost} of ${certain} lost, but no log line or metric reported it`);
    if (surplus > 0) broken.push(`${what}: ${surplus} counted twice`);
    if (lost > 0 && lost >= certain)
      broken.push(`${what}: all ${lost} requests lost, not only those of one slot`);
    for (const harm of done.harmed) broken.push(`${what}: ${harm}`);
    if (done.counted < done.countedByOthers) {
      broken.push(
        `${what}: the other slots counted ${done.countedByOthers}, but the totals only ${done.counted}`,
      );
    }
  }
  if (found.prometheus && !found.prometheus.agrees)
    broken.push('Prometheus and the metrics port end with different totals');
  if (found.prometheus && found.prometheus.mostResets > primaryRestarts) {
    broken.push(
      `Prometheus saw ${found.prometheus.mostResets} resets of one series, expected at most ${primaryRestarts}: one for each killed primary`,
    );
  }
  // A run without faults, answers or scrapes proves nothing.
  if (sumOf(found.faults) === 0) broken.push('no process fault was injected');
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
  const recovered = report.damage.flatMap(({ recoveredSeconds }) => recoveredSeconds ?? []);
  const unrecovered = report.damage.length - recovered.length;
  const recovery =
    unrecovered === 0
      ? `exact again after at most ${Math.max(0, ...recovered).toFixed(1)} s`
      : `${unrecovered} of ${report.damage.length} not exact again`;
  const lines: [string, string][] = [
    ['seed', String(report.seed)],
    ['time', `${report.began}, ${Math.round(report.seconds)} s, ${report.workers} workers`],
    [
      'process faults',
      `${report.processFaults}, ${report.faultsPerMinute} per minute (${each(report.faults)})`,
    ],
    ['file damage', `${report.damage.length} (${each(damaged)})`],
    [
      'requests',
      `${requests.sent} sent, ${requests.answered} answered, ${requests.aborted} aborted by the client, ${requests.failed} failed`,
    ],
    ['attempts', `${requests.attempted} sent to the app by nginx, retries included`],
    [
      'account',
      `${books.closed} checks: ${books.answered} answered, ${books.counted} counted, ${books.uncertain} uncertain`,
    ],
    ['lost', `${books.lost}`],
    ['counted twice', `${books.surplus}`],
    ['decreases', `${scrapes.decreases.length}`],
    ['resets', `${scrapes.resets}, primary killed ${report.primaryRestarts} times`],
    [
      'scrapes',
      `${scrapes.scrapes}, slowest ${scrapes.slowestMs} ms; failed during restarts: ${each(scrapes.failed)}`,
    ],
    ['failures by cause', each(failures.byCause)],
    ['unexplained', `${failures.unexplained.length}`],
    ['slot files', `${report.slots.most} at most, ${report.slots.mostProcesses} processes at most`],
    ['damage cost', `${lostByDamage} counts of the damaged slots; ${recovery}`],
    [
      'Prometheus',
      prometheus
        ? `${prometheus.agrees ? 'same totals' : 'different totals'}, at most ${prometheus.mostResets} resets of a series`
        : 'not queried',
    ],
  ];
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  const text = lines.map(([name, value]) => name.padEnd(width) + value);
  const found = report.broken.length === 1 ? '1 finding' : `${report.broken.length} findings`;
  const verdict =
    report.broken.length === 0
      ? ['every guarantee held']
      : [`the run failed, ${found}:`, ...report.broken.map((line) => `  ${line}`)];
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
