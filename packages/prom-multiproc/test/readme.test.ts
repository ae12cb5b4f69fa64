/** REFERENCE.md names every export, option, variable, code and metric; README.md is short and shows the example. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { selfMetrics } from '../src/exposition/self-metrics.ts';
import { REFRESH_INTERVAL_MS } from '../src/util/refresh-interval.ts';
import { tableRows } from './support/markdown.ts';

const PACKAGE = join(import.meta.dirname, '..');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const REFERENCE = readFileSync(join(PACKAGE, 'REFERENCE.md'), 'utf8');
const { exports, files } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));

const SOURCES = globSync('src/**/*.ts', { cwd: PACKAGE })
  .filter((name) => !name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(PACKAGE, name), 'utf8'))
  .join('\n');

/** Returns all distinct matches in the sources, sorted. */
function found(pattern: RegExp, text = SOURCES): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, name]) => name!))].sort();
}

function documented(firstHead: string, column = 0): string[] {
  return tableRows(REFERENCE, firstHead)
    .map((row) => row[column]!)
    .sort();
}

function namesIn(cell: string): string[] {
  return cell.replaceAll('`', '').split(', ');
}

test('REFERENCE.md lists each environment variable', () => {
  assert.deepEqual(documented('Environment variable'), found(/process\.env\.(\w+)/g));
  assert.doesNotMatch(
    SOURCES,
    /process\.env(?!\.)/,
    'a variable is read in a way that this test does not find',
  );
});

test('REFERENCE.md lists each warning code', () => {
  assert.deepEqual([...new Set(documented('Code'))], found(/'(PROM_MULTIPROC_\w+)'/g));
});

test('REFERENCE.md lists each self-metric with its type', () => {
  const status = { live: 0, slots: [], compacted: 0, heartbeatAge: 0, seconds: 0 };
  const expected = [...selfMetrics(status, new Map())].map(({ name, type }) => [name, type]);
  const rows = tableRows(REFERENCE, 'Metric | Type').map(([name, type]) => [name, type]);
  assert.deepEqual(rows, expected);
});

test('REFERENCE.md lists each exported name', () => {
  const expected = Object.entries<string>(exports).flatMap(([path, file]) => {
    const source = readFileSync(join(PACKAGE, file), 'utf8');
    const names = [
      ...found(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm, source),
      ...found(/^export (?:type )?\{([^}]*)\}/gm, source).flatMap((list) =>
        list.split(',').map((name) => name.replace('type ', '').trim()),
      ),
    ];
    return (names.length > 0 ? names : ['']).map((name) => [path.replace('.', 'prom-multiproc'), name]);
  });
  const rows = tableRows(REFERENCE, 'Import from').flatMap(([from, cell]) =>
    namesIn(cell!).map((name) => [from, name]),
  );
  assert.deepEqual(rows.toSorted(), expected.toSorted());
});

test('REFERENCE.md lists each option', () => {
  const names: Record<string, string> = {
    share: 'ShareOptions',
    Reader: 'ReaderOptions',
    clearDirectory: 'ClearOptions',
  };
  for (const [of, type] of Object.entries(names)) {
    const [, body] = new RegExp(`export interface ${type} \\{([^}]*)\\}`).exec(SOURCES)!;
    const rows = tableRows(REFERENCE, 'Option of').filter(([owner]) => owner === of);
    const listed = rows.flatMap(([, cell]) => namesIn(cell!)).toSorted();
    assert.deepEqual(listed, found(/^ {2}readonly (\w+)\??:/gm, body), of);
  }
});

test('both pages state the refresh interval of the code', () => {
  const seconds = REFRESH_INTERVAL_MS / 1000;
  for (const words of [`every ${seconds} seconds`, `at most ${seconds} seconds`, `Far above ${seconds}:`]) {
    assert.ok(REFERENCE.includes(words), words);
  }
  assert.ok(README.includes(`at most ${seconds} seconds`));
});

test('REFERENCE.md names each command and option of --help, with the same arguments and defaults', () => {
  const usage = execFileSync(process.execPath, [join(PACKAGE, 'src/cli.ts'), '--help'], { encoding: 'utf8' });
  const [, names] = /^usage: prom-multiproc (\S+) /.exec(usage)!;
  const [, section] = /^## Command\n(.*?)^## /ms.exec(REFERENCE)!;
  for (const name of names!.split('|')) assert.match(section!, new RegExp(`^- \`${name}\` `, 'm'));
  const options = [...usage.matchAll(/^ {2}(--\w+(?: <\w+>)?) .*?(?:\(default: ([\w.]+)\))?$/gm)];
  assert.equal(options.length, usage.match(/^ +--/gm)!.length);
  for (const [, option, value] of options) {
    assert.match(
      section!,
      new RegExp(`\`${option}\`${value === undefined ? '' : `[^-]*\\(default: ${value}\\)`}`),
    );
  }
});

test('README.md shows the example word for word', () => {
  const example = readFileSync(join(PACKAGE, 'examples/cluster.js'), 'utf8');
  assert.ok(README.includes(`\`\`\`js\n${example}\`\`\``));
});

test('the README has at most 1,000 words', () => {
  const words = README.split(/\s+/).filter((word) => word !== '').length;
  assert.ok(words <= 1000, `${words} words`);
});

test('files that the pages link to are in the package', () => {
  const links = found(/\]\((?!\w+:|#)([^)#]+)/g, README + REFERENCE);
  assert.ok(links.length > 4, links.join());
  const packed = ['README.md', ...files];
  assert.deepEqual(
    links.filter((link) => !packed.some((name) => link === name || link.startsWith(`${name}/`))),
    [],
  );
});
