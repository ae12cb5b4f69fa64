/**
 * Checks the Kubernetes manifest of docs/guides/several-machines.md against the Pod Security Standards, profile restricted, and that
 * its objects refer to each other.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';

interface SecurityContext {
  readonly [field: string]: unknown;
  readonly capabilities?: { readonly add?: string[]; readonly drop?: string[] };
  readonly seccompProfile?: { readonly type?: string };
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: Record<string, unknown>;
  readonly windowsOptions?: { readonly hostProcess?: boolean };
}

interface Container {
  readonly [field: string]: unknown;
  readonly securityContext?: SecurityContext;
  readonly ports?: { readonly name?: string; readonly containerPort?: number; readonly hostPort?: number }[];
  readonly resources?: { readonly limits?: Record<string, string> };
}

interface PodSpec {
  readonly [field: string]: unknown;
  readonly securityContext?: SecurityContext;
  readonly containers: Container[];
  readonly initContainers?: Container[];
  readonly volumes?: Record<string, unknown>[];
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'];
const PROFILES = [undefined, 'RuntimeDefault', 'Localhost'];

/** Returns the violated controls of https://kubernetes.io/docs/concepts/security/pod-security-standards/. */
function violations(pod: PodSpec): string[] {
  const found: string[] = [];
  const check = (control: string, met: boolean) => {
    if (!met) found.push(control);
  };
  for (const namespace of ['hostNetwork', 'hostPID', 'hostIPC']) check(namespace, !pod[namespace]);
  check('sysctls', pod.securityContext?.sysctls === undefined);
  for (const { name: _, ...volume } of pod.volumes ?? []) {
    check(
      'volumes',
      Object.keys(volume).every((type) => VOLUMES.includes(type)),
    );
  }
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    const own = container.securityContext ?? {};
    const effective = { ...pod.securityContext, ...own };
    check('privileged', !own.privileged);
    check('allowPrivilegeEscalation', own.allowPrivilegeEscalation === false);
    check('capabilities', own.capabilities?.drop?.includes('ALL') === true);
    check(
      'capabilities',
      (own.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
    );
    check('runAsNonRoot', effective.runAsNonRoot === true);
    check('runAsUser', effective.runAsUser !== 0);
    check('seccompProfile', ['RuntimeDefault', 'Localhost'].includes(String(effective.seccompProfile?.type)));
    check('procMount', [undefined, 'Default'].includes(own.procMount as string | undefined));
    check('appArmorProfile', PROFILES.includes(effective.appArmorProfile?.type));
    check('seLinuxOptions', effective.seLinuxOptions === undefined);
    check('windowsOptions', !effective.windowsOptions?.hostProcess);
    check(
      'hostPort',
      (container.ports ?? []).every(({ hostPort = 0 }) => hostPort === 0),
    );
    check('host', !PROBES.some((probe) => /"host":/.test(JSON.stringify(container[probe] ?? {}))));
  }
  return [...new Set(found)];
}

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly selector: { readonly matchLabels: Record<string, string> };
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: PodSpec;
    };
  };
}

interface Service extends KubernetesObject {
  readonly spec: {
    readonly selector: Record<string, string>;
    readonly ports: { readonly name: string; readonly port: number; readonly targetPort: string }[];
  };
}

interface HttpRoute extends KubernetesObject {
  readonly spec: {
    readonly parentRefs: { readonly name: string }[];
    readonly rules: { readonly backendRefs: { readonly name: string; readonly port: number }[] }[];
  };
}

interface PodMonitor extends KubernetesObject {
  readonly spec: {
    readonly selector: { readonly matchLabels: Record<string, string> };
    readonly podMetricsEndpoints: { readonly port: string }[];
  };
}

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/guides/several-machines.md'), 'utf8');

function objects(): KubernetesObject[] {
  const [block] = /```yaml\napiVersion: apps\/v1\n[\s\S]*?```/.exec(PAGE)!;
  return parseAllDocuments(block.replaceAll(/^```.*$/gm, '')).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as KubernetesObject;
  });
}

function one<T extends KubernetesObject>(kind: string): T {
  const found = objects().filter((object) => object.kind === kind);
  assert.equal(found.length, 1, kind);
  return found[0] as T;
}

const podSpec = () => one<Deployment>('Deployment').spec.template.spec;

/** Returns the pod of the manifest with changed fields of its container and of itself. */
function changed(own: object, pod: object = {}): PodSpec {
  const spec = podSpec();
  const container = spec.containers[0]!;
  const securityContext = { ...container.securityContext, ...own };
  return { ...spec, containers: [{ ...container, securityContext }], ...pod };
}

test('the manifest meets every control of the profile restricted', () => {
  assert.deepEqual(violations(podSpec()), []);
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
  const { automountServiceAccountToken, containers } = podSpec();
  assert.equal(automountServiceAccountToken, false);
  for (const { securityContext, resources } of containers) {
    assert.equal(securityContext?.readOnlyRootFilesystem, true);
    assert.deepEqual(Object.keys(resources?.limits ?? {}).sort(), ['cpu', 'memory']);
  }
});

test('the Deployment, the Service and the PodMonitor select the same pods', () => {
  const { selector, template } = one<Deployment>('Deployment').spec;
  assert.deepEqual(selector.matchLabels, template.metadata.labels);
  assert.deepEqual(one<Service>('Service').spec.selector, template.metadata.labels);
  assert.deepEqual(one<PodMonitor>('PodMonitor').spec.selector.matchLabels, template.metadata.labels);
});

test('the Gateway route leads to the public port of the pods and not to the metrics port', () => {
  const { apiVersion, spec } = one<HttpRoute>('HTTPRoute');
  assert.equal(apiVersion, 'gateway.networking.k8s.io/v1');
  assert.equal(spec.parentRefs.length, 1);
  const service = one<Service>('Service');
  for (const { name, port } of spec.rules.flatMap(({ backendRefs }) => backendRefs)) {
    assert.equal(name, service.metadata.name);
    assert.ok(
      service.spec.ports.some((offered) => offered.port === port),
      `port ${port}`,
    );
  }
  const ports = podSpec().containers.flatMap((container) => container.ports ?? []);
  assert.deepEqual(
    service.spec.ports.map(({ targetPort }) => ports.find(({ name }) => name === targetPort)?.containerPort),
    [8041],
  );
  assert.equal(
    ports.find(({ name }) => name === one<PodMonitor>('PodMonitor').spec.podMetricsEndpoints[0]!.port)
      ?.containerPort,
    9041,
  );
});

test('no page recommends an Ingress: its controller ingress-nginx is retired', () => {
  const pages = globSync('docs/*/*.md', { cwd: ROOT });
  assert.ok(pages.length > 8, pages.join());
  for (const name of pages) {
    const page = readFileSync(join(ROOT, name), 'utf8');
    assert.doesNotMatch(page, /\b(an|your|the) ingress\b|kind: Ingress/i, name);
  }
});
