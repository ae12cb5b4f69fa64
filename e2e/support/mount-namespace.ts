const isRoot = process.getuid?.() === 0;

/**
 * Prefixes of commands that run in a mount namespace of their own, where a test can mount a small file system. It ends with its last
 * process. A user other than root also needs a user namespace.
 */
export const inNewMountNamespace: readonly string[] = isRoot
  ? ['unshare', '--mount']
  : ['unshare', '--user', '--map-current-user', '--mount'];

export function inMountNamespaceOf(pid: number): readonly string[] {
  const mount = ['--mount', '--target', String(pid)];
  return ['nsenter', ...(isRoot ? [] : ['--user', '--preserve-credentials']), ...mount];
}
