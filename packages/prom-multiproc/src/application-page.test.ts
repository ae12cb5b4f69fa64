/** `metricsHandler()` without a registry shows all metrics of the application, or answers 503. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installedApplication, PRELOAD } from '../test/support/installed-application.ts';
import { textOfPage } from '../test/support/protobuf-text.ts';
import { sample } from '../test/support/sample.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';

const START = `
const own = require('prom-client');
const { metricsHandler, share } = require('prom-multiproc');
const { createServer } = require('node:http');
const count = (client, name, registers) => new client.Counter({ name, help: 'h', ...(registers && { registers }) }).inc();
const serve = async (...args) => {
  const server = createServer(metricsHandler(...args)).listen(0, '127.0.0.1', async () => {
    const url = 'http://127.0.0.1:' + server.address().port + '/metrics';
    const answer = await fetch(url);
    const Accept = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
    const message = Buffer.from(await (await fetch(url, { headers: { Accept } })).arrayBuffer()).toString('base64');
    console.log(JSON.stringify({ status: answer.status, text: await answer.text(), message }));
    process.exit();
  });
};
`;

interface Answer {
  readonly status: number;
  readonly text: string;
  /** The answer to a request for protobuf, in Base64. */
  readonly message: string;
}

for (const [what, source, args] of [
  [
    'two copies of the client, by share()',
    `const other = require('./other'); share(); count(own, 'own_total'); count(other, 'other_total'); serve();`,
    [],
  ],
  [
    'two copies of the client, by the preload',
    `const other = require('./other'); count(own, 'own_total'); count(other, 'other_total'); serve();`,
    PRELOAD,
  ],
  [
    'both clients, one loaded after the handler was made',
    `share(); const answer = metricsHandler(); const other = require('@prometheus-io/client');
     count(own, 'own_total'); count(other, 'other_total'); serve();`,
    [],
  ],
  [
    'two registries that are shared one by one',
    `const [one, two] = [new own.Registry(), new own.Registry()]; share(one); share(two);
     count(own, 'own_total', [one]); count(own, 'other_total', [two]); serve();`,
    [],
  ],
] as const) {
  test(`metricsHandler() shows the metrics of ${what}, each once`, async (t) => {
    const app = installedApplication(t);
    const env = { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) };
    for (let times = 1; times <= 2; times++) {
      const { result } = await app.run<Answer>(START + source, { args, env });
      assert.equal(result.status, 200, result.text);
      const message = textOfPage(Buffer.from(result.message, 'base64'));
      for (const name of ['own_total', 'other_total']) {
        assert.equal(sample(result.text, name), times);
        assert.equal(sample(message, name), times);
        assert.equal(result.text.match(new RegExp(`^# TYPE ${name} `, 'gm'))?.length, 1);
      }
      assert.equal(result.text.match(/^prom_multiproc_workers 1$/gm)?.length, 1);
    }
  });
}

for (const [what, source, why] of [
  [
    'the metrics are in the other client',
    `share(own.register); count(require('@prometheus-io/client'), 'x_total'); serve();`,
    /x_total is not shared, in the global registry of \S+client: call share\(\)/,
  ],
  [
    'some are in a second copy',
    `share(own.register); count(own, 'own_total'); count(require('./other'), 'x_total'); serve();`,
    /x_total is not shared, in the global registry of \S+other\/node_modules\/prom-client/,
  ],
  [
    'they are in the global registry, and another one is shared',
    `share(new own.Registry()); count(own, 'x_total'); serve();`,
    /x_total is not shared, in the global registry/,
  ],
  ['share() was never called', `count(own, 'x_total'); serve();`, /no registry is shared: call share\(\)/],
  [
    'only registries with a name are shared',
    `share(new own.Registry(), { name: 'inner' }); serve();`,
    /no registry is shared: call share\(\)/,
  ],
] as const) {
  test(`metricsHandler() answers 503 if the variable is set and ${what}`, async (t) => {
    const { result } = await installedApplication(t).run<Answer>(START + source, {
      env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
    });
    assert.equal(result.status, 503, result.text);
    assert.match(result.text, why);
  });
}

test('registries passed after the shared one are shown after it and cause no 503', async (t) => {
  const { result } = await installedApplication(t).run<Answer>(
    `${START} const apart = new own.Registry(); share(own.register);
     count(own, 'x_total', [apart]); count(own, 'own_total'); serve(own.register, apart);`,
    { env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) } },
  );
  assert.equal(result.status, 200);
  assert.deepEqual([sample(result.text, 'x_total'), sample(result.text, 'own_total')], [1, 1]);
});

test('while the variable is unset, metricsHandler() shows the registry that has metrics', async (t) => {
  const { result } = await installedApplication(t).run<Answer>(
    `${START} share(); count(require('@prometheus-io/client'), 'x_total'); serve();`,
  );
  assert.deepEqual([result.status, sample(result.text, 'x_total')], [200, 1]);
});
