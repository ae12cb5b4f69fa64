/** Checks the rendered objects against the Pod Security Standards, profile restricted, and who reaches the metrics port. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admits } from './testing/network-policy.ts';
import type { Deployment, NetworkPolicy, PodSpec } from './testing/objects.ts';
import { violations } from './testing/pod-security.ts';
import { DIRECTORIES, type KubernetesObject, objectOf, render } from './testing/render.ts';

const rendered = DIRECTORIES.map((name) => [name, render(name)] as const);
const base = rendered[0]![1];

const podSpec = () => objectOf<Deployment>(base, 'Deployment').spec.template.spec;

/** Returns the pod of the base with changed fields of its container's security context and of itself. */
function changed(own: object, pod: object = {}): PodSpec {
  const spec = podSpec();
  const container = spec.containers[0]!;
  const securityContext = { ...container.securityContext, ...own };
  return { ...spec, containers: [{ ...container, securityContext }], ...pod };
}

test('the base and each overlay meet every control of the profile restricted', () => {
  for (const [name, objects] of rendered) {
    assert.deepEqual(violations(objectOf<Deployment>(objects, 'Deployment').spec.template.spec), [], name);
  }
});

test('a violation of each control of the profile restricted is detected', () => {
  const container = (fields: object) =>
    changed({}, { containers: [{ ...changed({}).containers[0], ...fields }] });
  const withPod = (fields: object) =>
    changed({}, { securityContext: { ...podSpec().securityContext, ...fields } });
  const rows: [string, PodSpec][] = [
    ['hostNetwork', changed({}, { hostNetwork: true })],
    ['hostPID', changed({}, { hostPID: true })],
    ['hostIPC', changed({}, { hostIPC: true })],
    ['sysctls', withPod({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] })],
    ['volumes', changed({}, { volumes: [{ name: 'run', hostPath: { path: '/run' } }] })],
    ['privileged', changed({ privileged: true })],
    ['allowPrivilegeEscalation', changed({ allowPrivilegeEscalation: undefined })],
    ['capabilities', changed({ capabilities: undefined })],
    ['capabilities', changed({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } })],
    ['runAsNonRoot', withPod({ runAsNonRoot: undefined })],
    ['runAsUser', changed({ runAsUser: 0 })],
    ['seccompProfile', withPod({ seccompProfile: undefined })],
    ['procMount', changed({ procMount: 'Unmasked' })],
    ['appArmorProfile', changed({ appArmorProfile: { type: 'Unconfined' } })],
    ['seLinuxOptions', changed({ seLinuxOptions: { type: 'spc_t' } })],
    ['windowsOptions', changed({ windowsOptions: { hostProcess: true } })],
    ['hostPort', container({ ports: [{ containerPort: 8041, hostPort: 8041 }] })],
    ['host', container({ livenessProbe: { httpGet: { path: '/', port: 1, host: '169.254.169.254' } } })],
  ];
  for (const [control, pod] of rows) assert.deepEqual(violations(pod), [control]);
});

test('beyond restricted: a read-only root, no service account token, limits of memory and CPU', () => {
  const { automountServiceAccountToken, serviceAccountName, enableServiceLinks, containers } = podSpec();
  assert.equal(automountServiceAccountToken, false);
  assert.equal(enableServiceLinks, false);
  const account = objectOf<KubernetesObject & { automountServiceAccountToken: boolean }>(
    base,
    'ServiceAccount',
  );
  assert.deepEqual(
    [account.metadata.name, account.automountServiceAccountToken],
    [serviceAccountName, false],
  );
  for (const { securityContext, resources } of containers) {
    assert.equal(securityContext?.readOnlyRootFilesystem, true);
    assert.deepEqual(Object.keys(resources?.limits ?? {}).sort(), ['cpu', 'memory']);
  }
});

const PROMETHEUS = { 'app.kubernetes.io/name': 'prometheus' };
const MONITORING = { 'kubernetes.io/metadata.name': 'monitoring' };

test('only Prometheus reaches the metrics port, every pod the public port, and the app connects to nothing', () => {
  const policy = objectOf<NetworkPolicy>(base, 'NetworkPolicy');
  const prometheus = { namespaceLabels: MONITORING, podLabels: PROMETHEUS };
  const others = [
    { ...prometheus, namespaceLabels: { 'kubernetes.io/metadata.name': 'default' } },
    { ...prometheus, podLabels: { 'app.kubernetes.io/name': 'app' } },
    { ...prometheus, podLabels: {} },
  ];
  assert.equal(admits(policy, prometheus, 'metrics'), true);
  for (const other of others) {
    assert.equal(admits(policy, other, 'metrics'), false, JSON.stringify(other));
    assert.equal(admits(policy, other, 'http'), true, JSON.stringify(other));
  }
  assert.deepEqual([policy.spec.policyTypes, policy.spec.egress], [['Ingress', 'Egress'], []]);
});
