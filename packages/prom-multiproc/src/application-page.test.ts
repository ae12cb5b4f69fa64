/** What `metricsHandler()` shows where the application names no registry: all of the application, or 503. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installedApplication, PRELOAD } from '../test/support/installed-application.ts';
import { sample } from '../test/support/sample.ts';
import { temporaryDirectory } from '../test/support/temporary-directory.ts';

const START = `
const own = require('prom-client');
const { metricsHandler, share } = require('prom-multiproc');
const { createServer } = require('node:http');
const count = (client, name, registers) => new client.Counter({ name, help: 'h', ...(registers && { registers }) }).inc();
const say = async (...args) => {
  const server = createServer(metricsHandler(...args)).listen(0, '127.0.0.1', async () => {
    const answer = await fetch('http://127.0.0.1:' + server.address().port + '/metrics');
    console.log(JSON.stringify({ status: answer.status, text: await answer.text() }));
    process.exit();
  });
};
`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

for (const [what, source, args] of [
  [
    'two copies of the client, by share()',
    `const other = require('./other'); share(); count(own, 'own_total'); count(other, 'other_total'); say();`,
    [],
  ],
  [
    'two copies of the client, by the preload',
    `const other = require('./other'); count(own, 'own_total'); count(other, 'other_total'); say();`,
    PRELOAD,
  ],
  [
    'both clients, one loaded after the handler was made',
    `share(); const answer = metricsHandler(); const other = require('@prometheus-io/client');
     count(own, 'own_total'); count(other, 'other_total'); say();`,
    [],
  ],
  [
    'two registries that are shared one by one',
    `const [one, two] = [new own.Registry(), new own.Registry()]; share(one); share(two);
     count(own, 'own_total', [one]); count(own, 'other_total', [two]); say();`,
    [],
  ],
] as const) {
  test(`it shows the metrics of ${what}, each once`, async (t) => {
    const app = installedApplication(t);
    const env = { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) };
    for (let times = 1; times <= 2; times++) {
      const { said } = await app.run<Answer>(START + source, { args, env });
      assert.equal(said.status, 200, said.text);
      for (const name of ['own_total', 'other_total']) {
        assert.equal(sample(said.text, name), times);
        assert.equal(said.text.match(new RegExp(`^# TYPE ${name} `, 'gm'))?.length, 1);
      }
      assert.equal(said.text.match(/^prom_multiproc_workers 1$/gm)?.length, 1);
    }
  });
}

for (const [what, source, why] of [
  [
    'the metrics are in the other client',
    `share(own.register); count(require('@prometheus-io/client'), 'x_total'); say();`,
    /x_total is not shared, in the global registry of \S+client: call share\(\)/,
  ],
  [
    'some are in a second copy',
    `share(own.register); count(own, 'own_total'); count(require('./other'), 'x_total'); say();`,
    /x_total is not shared, in the global registry of \S+other\/node_modules\/prom-client/,
  ],
  [
    'they are in the global registry, and another one is shared',
    `share(new own.Registry()); count(own, 'x_total'); say();`,
    /x_total is not shared, in the global registry/,
  ],
  ['share() was never called', `count(own, 'x_total'); say();`, /no registry is shared: call share\(\)/],
  [
    'only registries with a name are shared',
    `share(new own.Registry(), { name: 'inner' }); say();`,
    /no registry is shared: call share\(\)/,
  ],
] as const) {
  test(`it answers 503 where the variable is set and ${what}`, async (t) => {
    const { said } = await installedApplication(t).run<Answer>(START + source, {
      env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) },
    });
    assert.equal(said.status, 503, said.text);
    assert.match(said.text, why);
  });
}

test('registries that are kept apart leave it be: they are shown after the shared ones', async (t) => {
  const { said } = await installedApplication(t).run<Answer>(
    `${START} const apart = new own.Registry(); share(own.register);
     count(own, 'x_total', [apart]); count(own, 'own_total'); say(own.register, apart);`,
    { env: { PROMETHEUS_MULTIPROC_DIR: temporaryDirectory(t) } },
  );
  assert.equal(said.status, 200);
  assert.deepEqual([sample(said.text, 'x_total'), sample(said.text, 'own_total')], [1, 1]);
});

test('while the variable is unset it shows the registry that has metrics', async (t) => {
  const { said } = await installedApplication(t).run<Answer>(
    `${START} share(); count(require('@prometheus-io/client'), 'x_total'); say();`,
  );
  assert.deepEqual([said.status, sample(said.text, 'x_total')], [200, 1]);
});
