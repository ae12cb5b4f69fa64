import { isUtf8 } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import {
  keepsItsName,
  lockedPackages,
  nameProblem,
  renamed,
  TEMPLATE_NAME,
  titleOf,
  titleProblem,
} from './project-name.ts';

/** Renames the template in the working directory: rename-template.ts NAME [TITLE]. scripts/rename-template runs it. */

const [name = '', title = titleOf(name)] = process.argv.slice(2);

function fail(what: string, ...hints: string[]): never {
  console.error([`error: ${what}`, ...hints.map((hint) => `  ${hint}`)].join('\n'));
  process.exit(1);
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    fail(
      `git ${args.join(' ')}: ${String((error as { stderr?: string }).stderr || error).trim()}`,
      'Run it in a git checkout: git clone, or git init && git add . && git commit -m "Import the template"',
    );
  }
}

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const current: string = json('package.json').name;
if (current === name) {
  console.log(`The project is already called ${name}: nothing to do.`);
  process.exit(0);
}
const wrongName = nameProblem(name, lockedPackages(json('package-lock.json')));
if (wrongName !== undefined) fail(`NAME ${JSON.stringify(name)}: ${wrongName}`);
const wrongTitle = titleProblem(title);
if (wrongTitle !== undefined) fail(`TITLE ${JSON.stringify(title)}: ${wrongTitle}`);
if (current !== TEMPLATE_NAME) {
  fail(
    `the project was already renamed to ${current}; that name cannot be replaced safely, because it may also occur as an ordinary word`,
    'Undo that first: git reset --hard, or git revert if it was committed.',
  );
}
const changes = git('status', '--porcelain');
if (changes !== '') {
  fail(
    'the checkout has uncommitted changes',
    'Commit or stash them first:',
    ...changes.trimEnd().split('\n').slice(0, 10),
  );
}

const files = git('ls-files', '-z')
  .split('\0')
  .filter((path) => path !== '' && !keepsItsName(path) && existsSync(path) && lstatSync(path).isFile());
const changed: string[] = [];
for (const path of files) {
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) continue;
  const { text, count } = renamed(bytes.toString('utf8'), { name, title });
  if (count > 0) writeFileSync(path, text);
  const to = renamed(path, { name, title }).text;
  // `git mv`, because `git reset --hard` undoes it.
  if (to !== path) git('mv', '--', path, to);
  if (count > 0 || to !== path) changed.push(`  ${to === path ? path : `${path} -> ${to}`} (${count})`);
}
console.log(`renamed ${TEMPLATE_NAME} to ${name}, and "Pandora's Express" to "${title}":`);
console.log(changed.join('\n'));
console.log(
  `${changed.length} files changed. Review with git diff HEAD, then: git add --all && git commit --message 'Rename to ${name}'`,
);
