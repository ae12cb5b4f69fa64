import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { startScraping } from './scraping.ts';

test('decreases between successful scrapes are found across failed ones, and failures are counted by cause', async () => {
  const answers = ['5', 'down', '7', 'down', 'down', '6', '8'];
  let asked = 0;
  const server = createServer((_, response) => {
    const value = answers[Math.min(asked++, answers.length - 1)]!;
    response.statusCode = value === 'down' ? 503 : 200;
    response.end(value === 'down' ? 'no' : `# TYPE c counter\nc ${value}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const seen: number[] = [];
  const scraping = startScraping({
    url,
    everyMs: 1,
    timeoutMs: 60_000,
    onScrape: (exposition) => seen.push(exposition.get('c')!.value),
  });
  await poll('all answers', () => (asked >= answers.length ? true : undefined), {
    deadlineMs: 60_000,
    everyMs: 1,
  });
  const report = await scraping.stop();
  server.close();
  assert.deepEqual(seen.slice(0, 4), [5, 7, 6, 8]);
  assert.deepEqual(
    report.decreases.map(({ series, before, after }) => [series, before, after]),
    [['c', 7, 6]],
  );
  assert.deepEqual(report.failed, { 'status 503': 3 });
  assert.match(report.firstFailure ?? '', /\/metrics answered 503: "no"/);
  assert.equal(report.scrapes, seen.length);
});
