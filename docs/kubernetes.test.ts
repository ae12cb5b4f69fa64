/** The Kubernetes sketch keeps to the Pod Security Standards, profile restricted, as its controls are written down. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
  readonly ports?: { readonly hostPort?: number }[];
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

/** Which control is not kept, of https://kubernetes.io/docs/concepts/security/pod-security-standards/; empty where all are. */
function violations(pod: PodSpec): string[] {
  const found: string[] = [];
  const check = (control: string, kept: boolean) => {
    if (!kept) found.push(control);
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

function sketch(): PodSpec {
  const page = readFileSync(join(import.meta.dirname, 'past-one-machine.md'), 'utf8');
  const [block] = /```yaml\napiVersion: apps\/v1\n[\s\S]*?```/.exec(page)!;
  const [deployment] = parseAllDocuments(block.replaceAll(/^```.*$/gm, ''));
  return (deployment!.toJS() as { spec: { template: { spec: PodSpec } } }).spec.template.spec;
}

/** Of the sketch with its one container changed. */
function changed(own: object, pod: object = {}): PodSpec {
  const spec = sketch();
  const container = spec.containers[0]!;
  const securityContext = { ...container.securityContext, ...own };
  return { ...spec, containers: [{ ...container, securityContext }], ...pod };
}

test('the sketch keeps every control of the profile restricted', () => {
  assert.deepEqual(violations(sketch()), []);
});

test('each control of the profile restricted is seen where it is not kept', () => {
  const container = (fields: object) =>
    changed({}, { containers: [{ ...changed({}).containers[0], ...fields }] });
  const withPod = (fields: object) =>
    changed({}, { securityContext: { ...sketch().securityContext, ...fields } });
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

test('beyond restricted: a read-only root, no token of the cluster, limits of memory and processors', () => {
  const { automountServiceAccountToken, containers } = sketch();
  assert.equal(automountServiceAccountToken, false);
  for (const { securityContext, resources } of containers) {
    assert.equal(securityContext?.readOnlyRootFilesystem, true);
    assert.deepEqual(Object.keys(resources?.limits ?? {}).sort(), ['cpu', 'memory']);
  }
});
