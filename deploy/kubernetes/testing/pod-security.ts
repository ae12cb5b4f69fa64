import type { PodSpec } from './objects.ts';

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

/**
 * Returns the controls of the profile restricted that a pod violates:
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/.
 */
export function violations(pod: PodSpec): string[] {
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
