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
      told: true,
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
  unexpectedDeaths: [],
  slots: { most: 5, mostProcesses: 5, tooMany: [] },
  contradictions: [],
  prometheus: { agrees: true, mostResets: 1 },
};

test('a run in which every promise held says so, with its figures', () => {
  const report = judge(GOOD);
  assert.deepEqual(report.broken, []);
  assert.deepEqual([report.processFaults, report.faultsPerMinute, report.primaryRestarts], [80, 40, 1]);
  const text = asText(report);
  for (const part of [
    /^seed +7$/m,
    /^process faults +80, 40 a minute \(kill 79, kill-primary 1\)$/m,
    /^requests +1000 sent, 980 answered, 15 given up by the client, 5 failed$/m,
    /^lost +0$/m,
    /^resets +1, primary killed 1 times$/m,
    /^failures by cause +kill 5$/m,
    /^slot files +5 at most, 5 processes at most$/m,
    /^every promise held$/m,
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
    /set back 2 times, .* 1 times$/,
  ],
  [
    'a killed primary without a reset',
    { scrapes: { ...GOOD.scrapes, resets: 0 } },
    /set back 0 times, .* 1 times$/,
  ],
  [
    'an account that does not balance',
    { books: { ...GOOD.books, wrong: ['at noon: {}'] } },
    /^1 accounts .*at noon/,
  ],
  [
    'a scrape that is behind',
    { scrapes: { ...GOOD.scrapes, behind: ['x'] } },
    /lacked what had been answered/,
  ],
  [
    'a failed scrape',
    { scrapes: { ...GOOD.scrapes, unexplained: ['x'] } },
    /failed scrapes that no fault explains: x/,
  ],
  ['a failed request', { failures: { byCause: {}, unexplained: ['GET 3'] } }, /failed requests .*: GET 3/],
  ['a death of its own', { unexpectedDeaths: ['x'] }, /processes that ended without a fault/],
  [
    'more files than processes',
    { slots: { ...GOOD.slots, tooMany: ['x'] } },
    /more slot files than processes/,
  ],
  ['a log that says otherwise', { contradictions: ['x'] }, /log of nginx tells otherwise/],
  ['a fault that could not be done', { undone: ['x'] }, /could not be done: x/],
  [
    'damage that stays',
    { damage: [{ ...damaged, recoveredSeconds: undefined }] },
    /not exact again by itself/,
  ],
  ['a silent loss', { damage: [{ ...damaged, told: false }] }, /90 of 400 lost, and nothing said so/],
  ['a loss beyond one slot', { damage: [{ ...damaged, lost: 400 }] }, /all 400 lost/],
  [
    'a loss that the damaged slot cannot have had alone',
    { damage: [{ ...damaged, counted: 299 }] },
    /the other slots counted 300, the totals only 299$/,
  ],
  ['another slot that is harmed', { damage: [{ ...damaged, harmed: ['slot 2 fell'] }] }, /: slot 2 fell$/],
  ['counts twice', { damage: [{ ...damaged, surplus: 3 }] }, /3 counted twice/],
  ['other totals in Prometheus', { prometheus: { agrees: false, mostResets: 1 } }, /different totals/],
  [
    'resets that only Prometheus saw',
    { prometheus: { agrees: true, mostResets: 2 } },
    /Prometheus saw 2 resets/,
  ],
  [
    'a kind of fault that met nobody',
    {
      faultLog: ['kill', 'throw'].map((kind) => ({ number: 1, kind, met: false, from: '', to: '' })),
      missed: 2,
    },
    /^1 kinds of faults of which none met anybody: throw$/,
  ],
  [
    'a run without faults',
    {
      faults: {},
      scrapes: { ...GOOD.scrapes, resets: 0 },
      prometheus: { agrees: true, mostResets: 0 },
    },
    /^no process fault was done$/,
  ],
  ['no scrape', { scrapes: { ...GOOD.scrapes, scrapes: 0 } }, /no scrape succeeded/],
  ['no answer', { requests: { ...GOOD.requests, answered: 0 } }, /no request was answered/],
] as const) {
  test(`${what} breaks a promise`, () => {
    const report = judge({ ...GOOD, ...change } as Findings);
    assert.equal(report.broken.length, 1, report.broken.join('\n'));
    assert.match(report.broken[0]!, sentence);
    assert.match(asText(report), /^1 promises broken:$/m);
  });
}
