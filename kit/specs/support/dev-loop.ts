import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from '@playwright/test';
import { WebSocket } from 'ws';
import { poll } from '../../../packages/prom-multiproc/test/support/poll.ts';
import { total } from '../../test-kit/exposition.ts';
import { getText, scrape } from '../../test-kit/scrape.ts';

/** Includes building the images. */
const START = { deadlineMs: 8 * 60_000 };
const STEP = { deadlineMs: 60_000 };
const ANSWER_TIMEOUT_MS = 10_000;
const CHANGES = 5;
const REQUESTS = 20;
const ROUTES = 'demo-app/src/routes.ts';

export interface Loop {
  readonly output: () => string;
  /** Ends the loop as Ctrl-C does, and resolves with its exit status. */
  stop(): Promise<number | null>;
  kill(): void;
}

/** Starts scripts/dev of a checkout, and resolves when it watches the sources. */
export async function startLoop(
  checkout: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Loop> {
  const child = spawn(join(checkout, 'scripts/dev'), args, { cwd: checkout, env, stdio: 'pipe' });
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', (line) => lines.push(line));
  const loop: Loop = {
    output: () => lines.join('\n'),
    stop() {
      child.kill('SIGINT');
      return ended;
    },
    kill: () => child.kill('SIGTERM'),
  };
  try {
    await seen(loop, /dev: watching/g, 1, START);
  } catch (error) {
    loop.kill();
    throw error;
  }
  return loop;
}

/** Works on the app as its owner: saves files, breaks one, repairs it. `inspector` returns the address of the inspector. */
export async function work(checkout: string, loop: Loop, inspector: () => Promise<string>): Promise<void> {
  const [, page] = /Ready\.\n {2}(http:\S+)/.exec(loop.output()) ?? [];
  const [, metrics] = /(http:\S+\/metrics)/.exec(loop.output()) ?? [];
  const answer = () => getText(new URL('/ping', page).href, ANSWER_TIMEOUT_MS);
  const worker = async () => {
    const { workers } = JSON.parse(await getText(new URL('/status', metrics).href, ANSWER_TIMEOUT_MS));
    expect(workers).toHaveLength(1);
    return workers[0].pid as number;
  };
  const file = join(checkout, ROUTES);
  const original = readFileSync(file, 'utf8');
  const save = (text: string) => writeFileSync(file, text);
  const answering = (text: string) => original.replace("'Pong'", `'${text}'`);

  let requests = 0;
  const seconds: number[] = [];
  for (let change = 1; change <= CHANGES; change++) {
    const before = await worker();
    save(answering(`Pong ${change}`));
    const live = await seen(loop, /^dev: routes\.ts: live in (\S+) s$/gm, change);
    seconds.push(Number(live));
    expect(await worker()).not.toBe(before);
    for (let i = 0; i < REQUESTS; i++) expect(await answer()).toBe(`Pong ${change}`);
    requests += REQUESTS;
    expect(total(await scrape(metrics!, ANSWER_TIMEOUT_MS), 'ping_responses_total', {})).toBe(requests);
  }
  const median = seconds.sort((one, other) => one - other)[Math.floor(CHANGES / 2)];
  console.log(`live after ${median} s (median of ${seconds.join(', ')})`);

  const serving = await worker();
  const lines = original.split('\n');
  save([...lines.slice(0, 3), 'const = 1;', ...lines.slice(3)].join('\n'));
  await seen(loop, /^dev: demo-app\/src\/routes\.ts:4: /gm, 1);
  await seen(loop, /^dev: routes\.ts: not live; the old worker keeps serving$/gm, 1);
  expect(await answer()).toBe(`Pong ${CHANGES}`);
  save(original.concat("import './no-such-file.ts';\n"));
  await seen(loop, /^dev: demo-app\/src\/routes\.ts:\d+: '\.\/no-such-file\.ts' names no file$/gm, 1);
  await seen(loop, /^dev: routes\.ts: not live; the old worker keeps serving$/gm, 2);
  expect(await worker()).toBe(serving);
  expect(await answer()).toBe(`Pong ${CHANGES}`);

  save(original);
  await seen(loop, /^dev: routes\.ts: live in (\S+) s$/gm, CHANGES + 1);
  expect(await answer()).toBe('Pong');

  expect(
    await poll(
      'the inspector of the new worker',
      async () => evaluate(await inspector(), 'process.pid'),
      STEP,
    ),
  ).toBe(await worker());
}

/** Attaches to the inspector as a debugger does, and returns the value of an expression there. */
async function evaluate(inspector: string, expression: string): Promise<unknown> {
  const [target] = JSON.parse(await getText(`${inspector}/json/list`, ANSWER_TIMEOUT_MS));
  const debuggerOf = new WebSocket(`ws://${new URL(inspector).host}/${target.id}`);
  try {
    await once(debuggerOf, 'open');
    debuggerOf.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
    const [answer] = await once(debuggerOf, 'message');
    return JSON.parse(String(answer)).result.result.value;
  } finally {
    debuggerOf.terminate();
  }
}

/** Waits for the `nth` match in the output, and returns its group. */
function seen(loop: Loop, pattern: RegExp, nth: number, options = STEP): Promise<string> {
  return poll(
    `${pattern}`,
    () => {
      const found = [...loop.output().matchAll(pattern)][nth - 1];
      return found && (found[1] ?? found[0]);
    },
    options,
  );
}
