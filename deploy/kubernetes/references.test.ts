/** Checks that the rendered objects refer to each other. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { test } from 'node:test';
import type {
  Autoscaler,
  Deployment,
  HttpRoute,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  Service,
} from './testing/objects.ts';
import { objectOf, render } from './testing/render.ts';

const RULES = resolve(import.meta.dirname, '../../prometheus/rules/alerts.yml');
const base = render('deploy/kubernetes/base');
const production = render('deploy/kubernetes/overlays/production');
const { spec } = objectOf<Deployment>(base, 'Deployment');
const { labels } = spec.template.metadata;

test('the Deployment, Service, PodMonitor, budget, policy and spread constraints select the same pods', () => {
  const spreads = spec.template.spec.topologySpreadConstraints!;
  assert.deepEqual(
    spreads.map(({ topologyKey }) => topologyKey),
    ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'],
  );
  const selectors = [
    spec.selector,
    ...spreads.map(({ labelSelector }) => labelSelector),
    { matchLabels: objectOf<Service>(base, 'Service').spec.selector },
    objectOf<PodMonitor>(base, 'PodMonitor').spec.selector,
    objectOf<PodDisruptionBudget>(base, 'PodDisruptionBudget').spec.selector,
    objectOf<NetworkPolicy>(base, 'NetworkPolicy').spec.podSelector,
  ];
  for (const { matchLabels } of selectors) assert.deepEqual(matchLabels, labels);
});

test('the Gateway route leads to the public port of the pods and not to the metrics port', () => {
  const service = objectOf<Service>(production, 'Service');
  const route = objectOf<HttpRoute>(production, 'HTTPRoute');
  assert.equal(route.spec.parentRefs.length, 1);
  for (const { name, port } of route.spec.rules.flatMap(({ backendRefs }) => backendRefs)) {
    assert.equal(name, service.metadata.name);
    assert.ok(
      service.spec.ports.some((offered) => offered.port === port),
      `port ${port}`,
    );
  }
  const ports = spec.template.spec.containers.flatMap((container) => container.ports ?? []);
  const numbersOf = (names: readonly string[]) =>
    names.map((name) => ports.find((port) => port.name === name)?.containerPort);
  assert.deepEqual(numbersOf(service.spec.ports.map(({ targetPort }) => targetPort)), [8041]);
  const { podMetricsEndpoints } = objectOf<PodMonitor>(base, 'PodMonitor').spec;
  assert.deepEqual(numbersOf(podMetricsEndpoints.map(({ port }) => port)), [9041]);
});

test('the series of a pod have the job that the alert rules select', () => {
  const { jobLabel } = objectOf<PodMonitor>(base, 'PodMonitor').spec;
  const jobs = readFileSync(RULES, 'utf8').match(/(?<=\bjob=")[^"]+/g)!;
  assert.ok(jobs.includes(labels[jobLabel]!), `job ${labels[jobLabel]}`);
});

test('the autoscaler alone sets the number of pods, and a node drain or an update leaves some of them ready', () => {
  const autoscaler = objectOf<Autoscaler>(production, 'HorizontalPodAutoscaler').spec;
  const deployment = objectOf<Deployment>(production, 'Deployment');
  assert.deepEqual([autoscaler.scaleTargetRef.kind, autoscaler.scaleTargetRef.name], ['Deployment', 'app']);
  assert.equal(deployment.spec.replicas, undefined);
  for (const { resource } of autoscaler.metrics) {
    const { requests } = deployment.spec.template.spec.containers[0]!.resources!;
    assert.ok(resource.name in requests!, `${resource.name} needs a request`);
  }
  const { maxUnavailable } = objectOf<PodDisruptionBudget>(production, 'PodDisruptionBudget').spec;
  assert.ok(maxUnavailable < autoscaler.minReplicas && maxUnavailable < spec.replicas!);
  assert.deepEqual(spec.strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
});

test('each file says what was never run on a cluster', () => {
  const files = globSync('{base,components/*}/*.yaml', { cwd: import.meta.dirname });
  assert.ok(files.length > 8, `${files.length} files`);
  for (const file of files.filter((each) => basename(each) !== 'kustomization.yaml')) {
    const [header] = /^(#.*\n)+/.exec(readFileSync(resolve(import.meta.dirname, file), 'utf8')) ?? [''];
    assert.match(header, /Never run on a cluster/, file);
  }
});

test('every object of the overlay for production is in its namespace', () => {
  for (const { kind, metadata } of production) assert.equal(metadata.namespace, 'app', kind);
});
