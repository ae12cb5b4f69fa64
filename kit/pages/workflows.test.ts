/** Checks that workflows run existing scripts, pin their actions, and have minimal permissions. */
import assert from 'node:assert/strict';
import { accessSync, constants, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '../..');
const WORKFLOWS = join(ROOT, '.github/workflows');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly concurrency: { readonly 'cancel-in-progress': boolean };
  readonly jobs: Readonly<
    Record<
      string,
      { readonly permissions?: unknown; readonly 'timeout-minutes': number; readonly steps: Step[] }
    >
  >;
}

const workflows = readdirSync(WORKFLOWS).map((name) => {
  const text = readFileSync(join(WORKFLOWS, name), 'utf8');
  return { name, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.values(workflow.jobs).map((job) => ({ name, job })),
);
const steps = jobs.flatMap(({ name, job }) => job.steps.map((step) => ({ name, step })));

test('every action is pinned to a commit, with its version in a comment', () => {
  const lines = workflows.flatMap(({ name, text }) =>
    text
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line))
      .map((line) => [name, line] as const),
  );
  assert.equal(lines.length, steps.filter(({ step }) => step.uses !== undefined).length);
  assert.ok(lines.length > 0);
  for (const [name, line] of lines) assert.match(line, /uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name);
});

test('workflows may only read the sources, and use no secrets', () => {
  for (const { name, text, workflow } of workflows) {
    assert.deepEqual(workflow.permissions, { contents: 'read' }, name);
    assert.ok(!('pull_request_target' in workflow.on), name);
    assert.doesNotMatch(text, /secrets\./, name);
  }
  for (const { name, job } of jobs) assert.equal(job.permissions, undefined, name);
  for (const { name, step } of steps.filter(({ step }) => step.uses?.startsWith('actions/checkout@'))) {
    assert.equal(step.with?.['persist-credentials'], false, name);
  }
});

test('no command contains an expression, which could inject code', () => {
  for (const { name, step } of steps) assert.doesNotMatch(step.run ?? '', /\$\{\{/, name);
});

test('every job has a timeout, and a new run cancels the old one', () => {
  for (const { name, workflow } of workflows) {
    assert.equal(workflow.concurrency['cancel-in-progress'], true, name);
  }
  for (const { name, job } of jobs) assert.ok(job['timeout-minutes'] > 0, name);
});

test('each script that a workflow runs exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const commands = steps.flatMap(({ name, step }) =>
    (step.run ?? '').split('\n').map((line) => [name, line.trim()]),
  );
  let named = 0;
  for (const [name, command] of commands) {
    const [, path] = /^(\.\/\S+)/.exec(command!) ?? [];
    const [, script = command === 'npm test' ? 'test' : undefined] = /^npm run (\S+)/.exec(command!) ?? [];
    if (path !== undefined) accessSync(join(ROOT, path), constants.X_OK);
    if (script !== undefined) assert.ok(script in scripts, `${name}: npm run ${script}`);
    if (path !== undefined || script !== undefined) named += 1;
  }
  assert.ok(named >= 2, `${named} scripts named`);
});

const commandsOf = (name: string) =>
  Object.values(workflows.find((each) => each.name === name)!.workflow.jobs)
    .flatMap((job) => job.steps.map((step) => step.run ?? ''))
    .filter((command) => command !== '');

test('a pull request runs the checks, the unit tests and the smoke test', () => {
  const { workflow } = workflows.find(({ name }) => name === 'smoke.yml')!;
  assert.ok('pull_request' in workflow.on);
  const commands = commandsOf('smoke.yml');
  // A user of the template has another path in the workflow.
  for (const command of [/^npm run check$/, /^npm test$/, /^\.\/scripts\/smoke \//]) {
    assert.ok(
      commands.some((each) => command.test(each)),
      `${command}`,
    );
  }
});

test('the full workflow and .ci/run run scripts/test --all', () => {
  // A user of the template deletes the full workflow.
  const runs = workflows
    .flatMap(({ name }) => commandsOf(name))
    .filter((each) => /scripts\/test\b/.test(each));
  assert.deepEqual([...new Set(runs)], runs.length === 0 ? [] : ['./scripts/test --all']);
  assert.match(readFileSync(join(ROOT, '.ci/run'), 'utf8'), /^exec \.\/scripts\/test --all$/m);
});

test('scripts/test has a step for each part of npm run check', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const parts = (scripts.check as string).split(' && ');
  assert.ok(parts.length > 4, scripts.check);
  const wordsOf = (line: string) => line.replaceAll('node_modules/.bin/', '').split(' ');
  const commands = readFileSync(join(ROOT, 'scripts/test'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('step '))
    .map(wordsOf);
  const missing = parts.filter(
    (part) => !commands.some((words) => wordsOf(part).every((word) => words.includes(word))),
  );
  assert.deepEqual(missing, []);
});

test('a weekly workflow tests the stack on the newest base images', () => {
  const { workflow } = workflows.find(({ name }) => name === 'bases.yml')!;
  assert.deepEqual(Object.keys(workflow.on), ['schedule', 'workflow_dispatch']);
  const commands = commandsOf('bases.yml');
  assert.ok(commands.includes('./scripts/up --pull --detach'), commands.join('\n'));
  assert.ok(commands.some((command) => command.startsWith('./scripts/smoke ')));
});

test('Dependabot updates every Dockerfile, the npm packages and the actions', () => {
  const { updates } = parse(readFileSync(join(ROOT, '.github/dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; directory?: string; directories?: string[] }[];
  };
  const of = (ecosystem: string) =>
    updates
      .filter((update) => update['package-ecosystem'] === ecosystem)
      .flatMap(({ directory, directories }) => directories ?? [directory]);
  const dockerfiles = globSync(['*/Dockerfile', 'nginx/*/Dockerfile'], { cwd: ROOT }).map(dirname);
  assert.deepEqual(of('docker').sort(), dockerfiles.map((name) => `/${name}`).sort());
  assert.deepEqual([of('npm'), of('github-actions')], [['/'], ['/']]);
  // Dependabot reads an image's tag and digest only in a FROM line, not in an ARG or through a variable.
  const readByDependabot = /^FROM ([\w.-]+(:\d+)?\/)*[\w.-]+:[\w.-]+(@sha256:[0-9a-f]{64})? AS official$/gm;
  for (const name of dockerfiles) {
    const text = readFileSync(join(ROOT, name, 'Dockerfile'), 'utf8');
    assert.equal(text.match(readByDependabot)?.length, 1, `${name}: one official image`);
  }
});
