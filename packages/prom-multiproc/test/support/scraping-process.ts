/**
 * Scrapes a directory without a pause, and after each scrape says so by one byte: `!` where the counter was below what
 * it was before.
 */
import { writeSync } from 'node:fs';
import { TextReader } from './directory-text.ts';
import { sample } from './sample.ts';

const [directory, series] = process.argv.slice(2) as [string, string];
const reader = new TextReader({ after: () => {} }, directory);
let before = 0;
for (;;) {
  const now = sample(reader.text(), series) ?? 0;
  writeSync(1, now < before ? '!' : '.');
  before = now;
  reader.complaints.length = 0;
}
