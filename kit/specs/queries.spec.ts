import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { ComposeStack } from '../../e2e/support/compose-stack.ts';
import { poll } from '../../packages/prom-multiproc/test/support/poll.ts';
import { startLoad } from '../test-kit/load.ts';
import { exemplarsIn, query } from '../test-kit/prometheus.ts';
import { getText } from '../test-kit/scrape.ts';

const DASHBOARDS = resolve(import.meta.dirname, '../../grafana/dashboards');
const TIMEOUT_MS = 10_000;
/** Rates need two scrapes, and then one evaluation of the rules. */
const DEADLINE = { deadlineMs: 90_000, everyMs: 1_000 };
const LOAD = { connections: 4, durationMs: 30_000, requestTimeoutMs: 20_000 };

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly exemplar?: boolean }[];
}

interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
  readonly type: 'alerting' | 'recording';
}

/** Grafana replaces it by at least four scrape intervals. */
const RATE_INTERVAL = '20s';

const panels = readdirSync(DASHBOARDS).flatMap(
  (name) => (JSON.parse(readFileSync(resolve(DASHBOARDS, name), 'utf8')) as { panels: Panel[] }).panels,
);
const targets = panels.flatMap((panel) => panel.targets);

async function api<T>(stack: ComposeStack, path: string): Promise<T> {
  return (JSON.parse(await getText(`${stack.prometheusUrl}/api/v1/${path}`, TIMEOUT_MS)) as { data: T }).data;
}

async function rulesOf(stack: ComposeStack): Promise<Rule[]> {
  const { groups } = await api<{ groups: { rules: Rule[] }[] }>(stack, 'rules');
  return groups.flatMap(({ rules }) => rules);
}

/** Sends requests over several scrapes, a quarter of them with an error, so every kind of request series exists and increases. */
async function traffic(stack: ComposeStack): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await startLoad({ ...LOAD, url: `${stack.publicUrl}/ping`, maxRequests: 30 }).done;
    for (let i = 0; i < 10; i++) {
      await fetch(`${stack.publicUrl}/demo/faults/error`, { method: 'POST' });
    }
    const lastScrape = Number(
      (await query(stack.prometheusUrl, 'max(timestamp(up{job="app"}))'))[0]?.value ?? 0,
    );
    await poll(
      'the next scrape',
      async () => {
        const now = await query(stack.prometheusUrl, 'max(timestamp(up{job="app"}))');
        return (now[0]?.value ?? 0) > lastScrape ? true : undefined;
      },
      DEADLINE,
    );
  }
}

/** Returns the queries without a result that is a number. */
async function withoutData(stack: ComposeStack, queries: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const one of queries) {
    const result = await query(stack.prometheusUrl, one);
    if (!result.some(({ value }) => !Number.isNaN(value))) found.push(one);
  }
  return found;
}

async function expectData(stack: ComposeStack, queries: readonly string[]): Promise<void> {
  expect(queries.length).toBeGreaterThan(0);
  await poll(
    `data for each of ${queries.length} queries`,
    async () => {
      const left = await withoutData(stack, queries);
      if (left.length > 0) throw new Error(`no data: ${left.join('\n')}`);
      return true;
    },
    DEADLINE,
  );
  for (const one of queries)
    console.log(`queries: ${one}: ${JSON.stringify(await query(stack.prometheusUrl, one))}`);
}

test('every query of the dashboards returns data on the running stack', async ({ stack }) => {
  await traffic(stack);
  const expressions = targets.filter(({ exemplar }) => !exemplar).map(({ expr }) => expr);
  await expectData(
    stack,
    [...new Set(expressions)].map((expr) => expr.replaceAll('$__rate_interval', RATE_INTERVAL)),
  );
});

test('the latency panel shows requests as exemplars, with trace ids that are in the log', async ({
  stack,
}) => {
  const [target] = targets.filter(({ exemplar }) => exemplar);
  const answer = await fetch(`${stack.publicUrl}/ping`);
  const id = answer.headers.get('x-request-id')!;
  const found = await poll(
    `an exemplar of request ${id}`,
    async () =>
      (await exemplarsIn(stack.prometheusUrl, target!.expr)).find(({ labels }) => labels.trace_id === id),
    DEADLINE,
  );
  console.log(`exemplar: ${JSON.stringify(found)}`);
  expect(found.series).toMatchObject({ job: 'app', method: 'GET', route: '/ping', status: '200' });
  expect(found.value).toBeLessThanOrEqual(Number(found.series.le));
  await poll(
    'its line in the log',
    async () => (await stack.log('nginx')).includes(id) || undefined,
    DEADLINE,
  );
});

test('every recording rule returns data, and every alert selects existing series', async ({ stack }) => {
  await traffic(stack);
  const rules = await rulesOf(stack);
  expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  await expectData(
    stack,
    rules.filter(({ type }) => type === 'recording').map(({ name }) => name),
  );
  const selectors = new Set<string>();
  for (const rule of rules.filter(({ type }) => type === 'alerting')) {
    collect(await api<Node>(stack, `parse_query?query=${encodeURIComponent(rule.query)}`), selectors);
  }
  // These exist only with REMOTE_WRITE_URL or Alertmanager: kit/specs/remote-write.spec.ts and alertmanager.spec.ts check them.
  await expectData(
    stack,
    [...selectors].filter((selector) => !/prometheus_remote_storage_|alertmanager_/.test(selector)),
  );
});

test('without the profile alertmanager Prometheus sends no alert, and logs no error about it', async ({
  stack,
}) => {
  const { activeAlertmanagers, droppedAlertmanagers } = await api<Record<string, unknown[]>>(
    stack,
    'alertmanagers',
  );
  expect([activeAlertmanagers, droppedAlertmanagers]).toEqual([[], []]);
  const log = await stack.compose('logs', '--no-color', 'prometheus');
  expect(
    log
      .split('\n')
      .filter((line) => /level=(WARN|ERROR).*(alertmanager|notifi|file_sd|discovery)/i.test(line)),
  ).toEqual([]);
});

interface Node {
  readonly type?: string;
  readonly matchers?: readonly { readonly name: string; readonly type: string; readonly value: string }[];
  readonly [part: string]: unknown;
}

/** Adds each selector of a parsed query, as a query, to `into`. */
function collect(node: unknown, into: Set<string>): void {
  if (Array.isArray(node)) {
    for (const one of node) collect(one, into);
  } else if (typeof node === 'object' && node !== null) {
    const { type, matchers } = node as Node;
    if ((type === 'vectorSelector' || type === 'matrixSelector') && matchers) {
      into.add(`{${matchers.map((m) => `${m.name}${m.type}${JSON.stringify(m.value)}`).join(',')}}`);
    }
    for (const part of Object.values(node)) collect(part, into);
  }
}
