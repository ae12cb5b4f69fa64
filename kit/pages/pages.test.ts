/** Checks that the files, headings, specs and tests that pages name exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGES = ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', 'docs/*/*.md', 'packages/*/*.md'].flatMap(
  (glob) => globSync(glob, { cwd: ROOT }),
);
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const withoutCode = (page: string) => read(page).replace(/^```.*?^```$/gms, '');

/** The anchor of a heading: lower case, hyphens for spaces, other punctuation removed. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string) =>
  [...withoutCode(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

test('every link within the repository leads to an existing file and heading', () => {
  assert.ok(PAGES.length > 8, PAGES.join());
  const dead = PAGES.flatMap((page) =>
    [...withoutCode(page).matchAll(/\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)/g)]
      .filter(([, path, anchor]) => {
        const target = path === '' ? page : join(dirname(page), path!);
        if (!existsSync(join(ROOT, target))) return true;
        if (statSync(join(ROOT, target)).isDirectory()) return anchor !== '';
        return anchor !== '' && !anchorsOf(target).includes(anchor!);
      })
      .map(([link]) => `${page}: ${link}`),
  );
  assert.deepEqual(dead, []);
});

test('no command or program puts the metrics directory into /dev/shm, which systemd may empty', () => {
  const programs = globSync('packages/prom-multiproc/{examples,packaging/consumers}/*', { cwd: ROOT }).map(
    (path) => read(path),
  );
  const blocks = PAGES.flatMap((page) => read(page).match(/^```.*?^```$/gms) ?? []);
  assert.ok(blocks.length > 40, `${blocks.length} blocks`);
  assert.deepEqual(
    [...programs, ...blocks].filter((text) => text.includes('/dev/shm')),
    [],
  );
});

test('every page of docs/ can be reached from the README', () => {
  const seen = new Set<string>();
  const follow = (page: string) => {
    if (seen.has(page) || !page.endsWith('.md')) return;
    seen.add(page);
    for (const [, path] of read(page).matchAll(/\]\((?!\w+:)([^)#\s]+)/g)) follow(join(dirname(page), path!));
  };
  follow('README.md');
  assert.deepEqual(
    PAGES.filter((page) => page.startsWith('docs/') && !seen.has(page)),
    [],
  );
});

for (const folder of ['e2e/specs', 'kit/specs']) {
  test(`tests.md lists exactly once each spec of ${folder}`, () => {
    const [, list] = read('docs/reference/tests.md').split(`\nIn \`${folder}/\`:\n\n`);
    const rows = [...list!.split('\n\n', 1)[0]!.matchAll(/^- `([^`]+)`: /gm)].map(([, spec]) => spec);
    const specs = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.spec.ts'));
    assert.deepEqual(rows.sort(), specs.map((name) => name.replace('.spec.ts', '')).sort());
  });
}

test('every test that harden.md names exists', () => {
  const specs = ['containers', 'proxy', 'limits'].map(
    (name) => [name, read(`kit/specs/hardening-${name}.spec.ts`)] as const,
  );
  const rows = [...read('docs/guides/harden.md').matchAll(/^\|.*\| (.*) \|$/gm)].map(([, cell]) => cell!);
  let named = 0;
  for (const [spec, source] of specs) {
    const titles = [...source.matchAll(/^ *test\([`'](.*?)[`'],/gm)].map(([, title]) => title!);
    const cells = rows.filter((cell) => cell.startsWith(`${spec}: `));
    for (const [, name] of cells.join('\n').matchAll(/\*(.+?)\*/g)) {
      named++;
      assert.ok(
        titles.some((title) => title.includes(name!)),
        `${spec}: ${name}`,
      );
    }
  }
  assert.ok(named > 20, `${named} tests named`);
});
