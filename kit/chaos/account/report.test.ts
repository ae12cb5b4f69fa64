import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText, type Findings, judge } from './report.ts';

const GOOD: Findings = {
  seed: 7,
  began: '2026-01-02T03:04:05.678Z',
  seconds: 130,
  workers: 4,
  faultSeconds: 120,
  faults: { kill: 79, 'kill-primary': 1 },
  missed: 0,
  faultLog: [],
  undone: [],
  damage: [
    {
      number: 1,
      kind: 'delete',
      target: 3,
      file: 'slot-1.metrics',
      certain: 400,
      lost: 90,
      counted: 312,
      countedByOthers: 300,
      harmed: [],
      surplus: 0,
      recoveredSeconds: 6.2,
      reported: true,
    },
  ],
  requests: { sent: 1_000, answered: 980, failed: 5, aborted: 15, attempted: 1_010, neverReached: 2 },
  books: { closed: 3, answered: 970, counted: 985, uncertain: 20, lost: 0, surplus: 0, wrong: [] },
  scrapes: {
    scrapes: 1_200,
    failed: { 'kill-primary': 9 },
    unexplained: [],
    decreases: [],
    resets: 1,
    behind: [],
    slowestMs: 80,
  },
  failures: { byCause: { kill: 5 }, unexplained: [] },
  unexpectedExits: [],
  slots: { most: 5, mostProcesses: 5, tooMany: [] },
  contradictions: [],
  prometheus: { agrees: true, mostResets: 1 },
};

test('the report of a run without failures has its figures and says that every guarantee held', () => {
  const report = judge(GOOD);
  assert.deepEqual(report.broken, []);
  assert.deepEqual([report.processFaults, report.faultsPerMinute, report.primaryRestarts], [80, 40, 1]);
  const text = asText(report);
  for (const part of [
    /^seed +7$/m,
    /^process faults +80, 40 per minute \(kill 79, kill-primary 1\)$/m,
    /^requests +1000 sent, 980 answered, 15 aborted by the client, 5 failed$/m,
    /^account +3 checks: 970 answered, 985 counted, 20 uncertain$/m,
    /^lost +0$/m,
    /^damage cost +90 counts of the damaged slots; exact again after at most 6\.2 s$/m,
    /^resets +1, primary killed 1 times$/m,
    /^failures by cause +kill 5$/m,
    /^slot files +5 at most, 5 processes at most$/m,
    /^every guarantee held$/m,
  ]) {
    assert.match(text, part);
  }
});

const [damaged] = GOOD.damage as [Findings['damage'][number]];
const fall = { series: 'http_requests_total', before: 5, after: 4, at: 1 };

for (const [what, change, sentence] of [
  ['a decrease', { scrapes: { ...GOOD.scrapes, decreases: [fall] } }, /^1 decreases: .*http_requests_total/],
  [
    'a reset without a killed primary',
    { scrapes: { ...GOOD.scrapes, resets: 2 } },
    /reset 2 times, .* 1 times$/,
  ],
  [
    'a killed primary without a reset',
    { scrapes: { ...GOOD.scrapes, resets: 0 } },
    /reset 0 times, .* 1 times$/,
  ],
  [
    'an interval that does not balance',
    { books: { ...GOOD.books, wrong: ['at noon: {}'] } },
    /^1 intervals .*at noon/,
  ],
  [
    'a scrape without a count of an answered request',
    { scrapes: { ...GOOD.scrapes, behind: ['x'] } },
    /scrapes without counts of requests answered before/,
  ],
  [
    'a failed scrape',
    { scrapes: { ...GOOD.scrapes, unexplained: ['x'] } },
    /failed scrapes without a fault: x/,
  ],
  ['a failed request', { failures: { byCause: {}, unexplained: ['GET 3'] } }, /failed requests .*: GET 3/],
  ['an unexpected exit', { unexpectedExits: ['x'] }, /processes that exited without a fault/],
  [
    'more files than processes',
    { slots: { ...GOOD.slots, tooMany: ['x'] } },
    /more slot files than processes/,
  ],
  ['a log that contradicts an answer', { contradictions: ['x'] }, /contradict the log of nginx/],
  ['a fault that could not be injected', { undone: ['x'] }, /could not be injected: x/],
  [
    'damage without recovery',
    { damage: [{ ...damaged, recoveredSeconds: undefined }] },
    /did not recover exact counts/,
  ],
  [
    'an unreported loss',
    { damage: [{ ...damaged, reported: false }] },
    /90 of 400 lost, but no log line or metric reported it/,
  ],
  ['a loss beyond one slot', { damage: [{ ...damaged, lost: 400 }] }, /all 400 requests lost/],
  [
    'a loss that is larger than the damaged slot',
    { damage: [{ ...damaged, counted: 299 }] },
    /the other slots counted 300, but the totals only 299$/,
  ],
  [
    'a decrease in another slot',
    { damage: [{ ...damaged, harmed: ['slot 2 decreased'] }] },
    /: slot 2 decreased$/,
  ],
  ['a double count', { damage: [{ ...damaged, surplus: 3 }] }, /3 counted twice/],
  ['a different total in Prometheus', { prometheus: { agrees: false, mostResets: 1 } }, /different totals/],
  [
    'a reset that only Prometheus saw',
    { prometheus: { agrees: true, mostResets: 2 } },
    /Prometheus saw 2 resets of one series, expected at most 1: one for each killed primary$/,
  ],
  [
    'a kind of fault that hit no process',
    {
      faultLog: ['kill', 'throw'].map((kind) => ({ number: 1, kind, hit: false, from: '', to: '' })),
      missed: 2,
    },
    /^1 kinds of faults that hit no process: throw$/,
  ],
  [
    'a run without faults',
    {
      faults: {},
      scrapes: { ...GOOD.scrapes, resets: 0 },
      prometheus: { agrees: true, mostResets: 0 },
    },
    /^no process fault was injected$/,
  ],
  ['a run without scrapes', { scrapes: { ...GOOD.scrapes, scrapes: 0 } }, /no scrape succeeded/],
  ['a run without answers', { requests: { ...GOOD.requests, answered: 0 } }, /no request was answered/],
] as const) {
  test(`${what} fails the run`, () => {
    const report = judge({ ...GOOD, ...change } as Findings);
    assert.equal(report.broken.length, 1, report.broken.join('\n'));
    assert.match(report.broken[0]!, sentence);
    assert.match(asText(report), /^the run failed, 1 finding:$/m);
  });
}

test('the report names the number of damaged files after which counts were not exact again', () => {
  const text = asText(judge({ ...GOOD, damage: [damaged, { ...damaged, recoveredSeconds: undefined }] }));
  assert.match(text, /^damage cost +180 counts of the damaged slots; 1 of 2 not exact again$/m);
});

test('a failed run reports the number of its findings', () => {
  const text = asText(judge({ ...GOOD, undone: ['x'], contradictions: ['x'] }));
  assert.match(text, /^the run failed, 2 findings:$/m);
});
