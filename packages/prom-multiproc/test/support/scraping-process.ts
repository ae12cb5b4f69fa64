/** Scrapes a directory without pause. Writes one byte after each scrape: `!` if the counter fell, else `.`. */
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
  reader.errors.length = 0;
}
