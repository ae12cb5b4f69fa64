/** Reads the reports of a test run: `*.ndjson` by test-report.ts, `*.e2e.json` by Playwright. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Readers<T> {
  unit(ndjson: string): T[];
  e2e(json: string): T[];
}

export function readReports<T>(directory: string, { unit, e2e }: Readers<T>): T[] {
  return readdirSync(directory).flatMap((name) => {
    const text = () => readFileSync(join(directory, name), 'utf8');
    // A run that was interrupted leaves an empty report.
    if (name.endsWith('.ndjson')) return unit(text());
    if (name.endsWith('.e2e.json') && text() !== '') return e2e(text());
    return [];
  });
}

/** Parses the lines of a report by test-report.ts. */
export function linesOf<T>(ndjson: string): Partial<T>[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Partial<T>);
}
