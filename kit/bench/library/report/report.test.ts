import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, type Report } from '../../stats/comparison.ts';
import { benchFigures, readmeFigures } from './page.ts';
import { asMarkdown, asText } from './table.ts';
import { targetsAsMarkdown } from './targets.ts';

const PEER = '@prometheus-io/client';

function sample(ours: number, prom: number, prometheus: number) {
  return compare({ ours: [ours], ours_again: [ours], 'prom-client': [prom], [PEER]: [prometheus] }, 'ms');
}

const LAW: Report = {
  law_8x100: sample(0.5, 5, 4),
  law_8x1000: sample(0.6, 15, 12),
  law_8x10000: sample(3, 140, 100),
  law_8x100000: compare({ ours: [31], [PEER]: [1100] }, 'ms'),
  law_2x10000: sample(2, 60, 40),
  law_16x10000: sample(4, 280, 200),
};

test('the terminal gets a line a side, with how many times ours it takes', () => {
  const text = asText({ scrape_http_8x10000: compare({ ours: [2, 1, 3], 'prom-client': [50] }, 'ms') });
  assert.match(text, /^scrape_http_8x10000 +ours +2 \(1\.\.3\) ms\n/);
  assert.match(text, /scrape_http_8x10000 +prom-client +50 ms, 25 times\n$/);
});

test('the page gets a row a measure, and a peer that gave up is told as such', () => {
  const rows = asMarkdown({ ...LAW, scrape_http_8x10000: sample(4, 100, 80) }).split('\n');
  assert.equal(rows.length, 2 + 7);
  assert.match(
    rows[2]!,
    /\(`scrape_http_8x10000`\) \| 4 ms \| 100 ms: \*\*25x\*\* \| 80 ms: \*\*20x\*\* \| 1x \|$/,
  );
  const given = rows.find((row) => row.includes('law_8x100000'));
  assert.match(given!, /8 processes, 100,000 counters .* \| 31 ms \| gives up \| 1,100 ms/);
});

test('a target that is missed says no, and one that was not measured is not told', () => {
  const text = targetsAsMarkdown({
    scrape_http_8x10000: sample(4, 100, 40),
    scrape_first_8x10000: sample(40, 300, 300),
    kill_lost: compare({ ours: [0], 'prom-client': [700] }, 'increments'),
    inc_labels: sample(60, 200, 150),
    inc_bound: sample(12, 200, 150),
  });
  assert.match(text, /faster than prom-client \| at least 20 \| 25 \| yes \|/);
  assert.match(text, /faster than @prometheus-io\/client \| at least 15 \| 10 \| \*\*no\*\* \|/);
  assert.match(text, /the first one, in times a steady one \| at most 10 \| 10 \| yes \|/);
  assert.match(text, /increments lost by kills \| at most 0 \| 0 \| yes \|/);
  assert.match(text, /`inc\(\{3 labels\}\)`.* prom-client's being 1 \| at most 0\.35 \| 0\.3 \| yes \|/);
  assert.match(text, /`inc\(\)` .* prom-client's being 1 \| at most 0\.05 \| 0\.06 \| \*\*no\*\* \|/);
  assert.doesNotMatch(text, /histograms|processor time|observe/);
});

test('the page states the law of cost and the distance from the limit', () => {
  const page = benchFigures(
    {
      cost_per_series: compare({ ours: [300] }, 'ns'),
      cost_per_process: compare({ ours: [100] }, 'us'),
      limit_8x10000: compare({ ours: [3], bare_http: [1], additions: [0.1], copy: [0.1] }, 'ms'),
    },
    '',
  );
  assert.match(page, /each series more costs a scrape 300 ns/);
  assert.match(page, /process more costs it 100 us, 10 ns a series/);
  assert.match(page, /Ours takes 3 ms: 3 times the ready-made answer, and 1\.8 ms above all three together/);
});

test('the README shows the median of each side by series and by processes, and a peer that gave up', () => {
  const rows = readmeFigures(LAW).split('\n');
  assert.equal(rows.length, 2 + 6);
  assert.ok(rows.includes('| 8 | 10,000 | 3 ms | 140 ms | 100 ms |'));
  assert.ok(rows.includes('| 8 | 100,000 | 31 ms | gives up | 1,100 ms |'));
});

test('a report without the scrapes by series and by processes leaves the README as it is', () => {
  assert.throws(
    () => readmeFigures({ kill_lost: sample(0, 1, 1) }),
    /no scrape by series: run npm run bench -- law/,
  );
});
