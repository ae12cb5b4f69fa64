import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '../../e2e/support/compose-fixtures.ts';
import type { ComposeStack, Service } from '../../e2e/support/compose-stack.ts';
import { tableRows } from '../../packages/prom-multiproc/test/support/markdown.ts';
import { docker } from '../test-kit/docker.ts';
import { getText } from '../test-kit/scrape.ts';
import type { Seen } from './networks/reach.ts';
import { Surroundings } from './networks/surroundings.ts';
import { inspect } from './support/container-facts.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../docs/guides/harden.md'), 'utf8');
const SERVICES: readonly Service[] = ['app', 'nginx', 'nginx-exporter', 'prometheus'];
const OTHER_CONTAINER = 'another container';
const MACHINE = 'the machine';
const OUTSIDE = 'outside';
const ANSWER_TIMEOUT_MS = 10_000;
const HEAD = 'From';
/** The only container of a profile in the table. */
const WITH_TLS = 'Caddy';

/** The firewall rules on the page; `$edge` is the bridge of network `edge`. */
const RULES = [...PAGE.matchAll(/^# iptables -I (.* \$edge .*)$/gm)].map(([, rule]) => rule!);

/** By client, the targets to which it can connect, sorted. */
type Table = Readonly<Record<string, readonly string[]>>;
/** By target, then by answer. */
type Answers = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Targets = Readonly<Record<string, readonly string[]>>;

interface Container {
  readonly id: string;
  readonly addresses: readonly string[];
  /** Published ports, on every address of the machine or on loopback only. */
  readonly published: readonly { readonly port: number; readonly host: string; readonly hostPort: number }[];
}

const tableOf = (page: string): Table =>
  Object.fromEntries(
    tableRows(page, HEAD).map(([who, targets]) => [who!, targets!.replaceAll('`', '').split(', ').sort()]),
  );

/** Every target of the table: each is reached from somewhere. */
const targetsOf = (page: string): string[] => [...new Set(Object.values(tableOf(page)).flat())];

async function containerOf(stack: ComposeStack, service: Service): Promise<Container> {
  const id = await stack.containerId(service);
  const [{ NetworkSettings }] = JSON.parse(await docker(['inspect', id])) as [
    {
      NetworkSettings: {
        Networks: Record<string, { IPAddress: string }>;
        Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
      };
    },
  ];
  return {
    id,
    addresses: Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress),
    published: Object.entries(NetworkSettings.Ports).flatMap(([port, bindings]) =>
      (bindings ?? [])
        .filter(({ HostIp }) => !HostIp.includes(':'))
        .map(({ HostIp, HostPort }) => ({
          port: Number.parseInt(port, 10),
          host: HostIp,
          hostPort: Number(HostPort),
        })),
    ),
  };
}

/** Returns every `host:port` of each target: by name, by address on each network, and by the published port of the machine. */
function waysTo(
  targets: readonly string[],
  containers: Readonly<Record<string, Container>>,
  { machine, outside }: Surroundings,
): Targets {
  const published = ({ published }: Container, port: number) =>
    published
      .filter((found) => found.port === port)
      .flatMap(({ hostPort }) => [...machine.addresses, '127.0.0.1'].map((host) => `${host}:${hostPort}`));
  return Object.fromEntries(
    targets.map((target) => {
      if (target === MACHINE) return [target, machine.addresses.map((host) => `${host}:${machine.port}`)];
      if (target === OUTSIDE) return [target, outside.addresses.map((host) => `${host}:${outside.port}`)];
      const [service, port] = target.split(':') as [string, string];
      const container = containers[service];
      if (!container)
        throw new Error(`docs/guides/harden.md names ${target}, but there is no service ${service}`);
      const hosts = [service, ...container.addresses];
      return [target, [...hosts.map((host) => `${host}:${port}`), ...published(container, Number(port))]];
    }),
  );
}

async function probeAll(stack: ComposeStack, surroundings: Surroundings): Promise<Record<string, Seen>> {
  const entries = await Promise.all(
    SERVICES.map(async (service) => [service, await containerOf(stack, service)] as const),
  );
  const containers = Object.fromEntries(entries);
  const ways = waysTo(targetsOf(PAGE), containers, surroundings);
  const seen: Record<string, Seen> = {};
  for (const [service, { id }] of entries) seen[service] = await surroundings.fromContainer(id, ways);
  seen[OTHER_CONTAINER] = await surroundings.fromOtherContainer(ways);
  seen[MACHINE] = await surroundings.fromMachine(ways);
  return seen;
}

/** Returns the answer of each target to itself. */
function ownAnswers(seen: Readonly<Record<string, Seen>>, { machine, outside }: Surroundings): Answers {
  const listeners: Record<string, string> = { [MACHINE]: machine.answer, [OUTSIDE]: outside.answer };
  return Object.fromEntries(
    targetsOf(PAGE).map((target) => {
      if (listeners[target]) return [target, { [listeners[target]]: 'itself' }];
      const own = Object.values(seen[target.split(':')[0]!]!.answers[target]!);
      return [target, Object.fromEntries(own.map((who) => [who, 'itself']))];
    }),
  );
}

/** Formats the answers as the table of the page. */
function asTable(seen: Readonly<Record<string, Seen>>, own: Answers): Table {
  const reached = (target: string, ways: Readonly<Record<string, string>>) =>
    Object.values(ways).some((answer) => own[target]![answer]);
  return Object.fromEntries(
    Object.entries(seen).map(([who, { answers }]) => [
      who,
      Object.entries(answers)
        .filter(([target, ways]) => !isOwn(who, target) && reached(target, ways))
        .map(([target]) => target)
        .sort(),
    ]),
  );
}

const isOwn = (who: string, target: string) => target === who || target.startsWith(`${who}:`);

/** Shared by all tests. */
let surroundings: Surroundings | undefined;

async function around(stack: ComposeStack): Promise<Surroundings> {
  const { Config } = await inspect(stack, 'app');
  surroundings ??= await Surroundings.start(stack.project, Config.Image);
  return surroundings;
}

test.afterAll(() => surroundings?.stop());

test('the table of docs/guides/harden.md says which service reaches which, from each container and from the machine', async ({
  stack,
}) => {
  const { [WITH_TLS]: behindTls, ...table } = tableOf(PAGE);
  // kit/specs/tls.spec.ts checks that Caddy reaches it.
  expect(behindTls).toEqual(['nginx:8044']);
  const surroundings = await around(stack);
  const seen = await probeAll(stack, surroundings);
  for (const [who, { answers }] of Object.entries(seen)) {
    const reached = Object.keys(answers).filter((target) => Object.keys(answers[target]!).length > 0);
    console.log(`networks: ${who} reaches ${reached.join(', ')}`);
  }
  for (const service of SERVICES) {
    const listed = targetsOf(PAGE).filter((target) => isOwn(service, target));
    const open = seen[service]!.listening.map((port) => `${service}:${port}`);
    expect(listed.sort(), `every port that ${service} listens on is in the table`).toEqual(open.sort());
  }
  expect(asTable(seen, ownAnswers(seen, surroundings))).toEqual(table);
});

test('with the firewall rules of harden.md nginx reaches no service of the machine, and its ports still answer', async ({
  stack,
}) => {
  const surroundings = await around(stack);
  const { id, published } = await containerOf(stack, 'nginx');
  const network = await docker(['network', 'inspect', '--format', '{{.Id}}', `${stack.project}_edge`]);
  const rules = RULES.map((rule) => rule.replace('$edge', `br-${network.slice(0, 12)}`));
  expect(rules.map((rule) => rule.split(' ')[0])).toEqual(['INPUT', 'DOCKER-USER']);
  const { machine } = surroundings;
  const port = published.find((found) => found.port === 8040)!.hostPort;
  const own = { [MACHINE]: machine.addresses.map((host) => `${host}:${machine.port}`) };
  const answered = async () =>
    Object.values((await surroundings.fromContainer(id, own)).answers[MACHINE]!).includes(machine.answer);
  expect(await answered(), 'without the rules').toBe(true);
  try {
    for (const rule of rules) await surroundings.firewall('-I', rule);
    expect(await answered()).toBe(false);
    for (const host of ['127.0.0.1', ...machine.addresses]) {
      expect(await getText(`http://${host}:${port}/ping`, ANSWER_TIMEOUT_MS), host).toBe('Pong');
    }
    expect(await getText(`${stack.prometheusUrl}/-/ready`, ANSWER_TIMEOUT_MS)).toContain('Ready');
  } finally {
    for (const rule of rules) await surroundings.firewall('-D', rule).catch(() => {});
  }
});
