/** Result of `npm audit --json`. */
export type AuditVerdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'vulnerable'; readonly findings: readonly string[] }
  /** The registry answered that it has no audit service. */
  | { readonly kind: 'not offered'; readonly reason: string }
  | { readonly kind: 'not answered'; readonly reason: string };

interface Printed {
  readonly auditReportVersion?: unknown;
  readonly vulnerabilities?: Readonly<Record<string, { severity?: unknown; range?: unknown }>>;
  readonly message?: unknown;
  readonly statusCode?: unknown;
}

const NOT_OFFERED = [404, 405, 501];

/** Parses the output of `npm audit --json`; output that it does not understand is `not answered`. */
export function auditVerdict(text: string): AuditVerdict {
  let printed: Printed;
  try {
    printed = JSON.parse(text) as Printed;
  } catch {
    return {
      kind: 'not answered',
      reason: `npm audit printed no JSON: ${JSON.stringify(text.slice(0, 200))}`,
    };
  }
  const { auditReportVersion, vulnerabilities, message, statusCode } = printed;
  if (auditReportVersion !== undefined && vulnerabilities !== undefined) {
    const findings = Object.entries(vulnerabilities).map(
      ([name, { severity, range }]) => `${name} ${range}: ${severity}`,
    );
    return findings.length === 0 ? { kind: 'clean' } : { kind: 'vulnerable', findings };
  }
  const reason = String(message ?? text.slice(0, 200));
  const offered = typeof statusCode !== 'number' || !NOT_OFFERED.includes(statusCode);
  return { kind: offered ? 'not answered' : 'not offered', reason };
}

interface Locked {
  readonly integrity?: string;
  readonly link?: boolean;
}

/** Returns the packages of a lock file without a SHA-512, whose contents `npm ci` cannot verify. */
export function packagesWithoutHash(lock: { readonly packages: Readonly<Record<string, Locked>> }): string[] {
  return Object.entries(lock.packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    .map(([path]) => path);
}
