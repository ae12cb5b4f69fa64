import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { auditVerdict, packagesWithoutHash } from './audit-verdict.ts';

/** Reads `npm audit --json` from stdin and prints the results. Exit status: 0 passed, 1 failed, 2 the registry did not respond. */

const LOCK = resolve(import.meta.dirname, '../../package-lock.json');

const lock = JSON.parse(readFileSync(LOCK, 'utf8')) as Parameters<typeof packagesWithoutHash>[0];
const withoutHash = packagesWithoutHash(lock);
if (withoutHash.length > 0) fail('packages without a SHA-512 in package-lock.json', withoutHash);
console.log(`ok    every package of package-lock.json (${Object.keys(lock.packages).length}) has a SHA-512`);

const verdict = auditVerdict(await text(process.stdin));
if (verdict.kind === 'clean') {
  console.log('ok    the registry reports no vulnerability');
} else if (verdict.kind === 'vulnerable') {
  fail('vulnerable packages', [...verdict.findings, 'Details: npm audit. Fix: npm audit fix']);
} else if (verdict.kind === 'not offered' && process.env.AUDIT !== 'required') {
  console.log(`NOT AUDITED: the configured registry has no audit service (${verdict.reason}).`);
  console.log('  Run .ci/audit on a machine whose npm registry has one.');
  if (process.env.NOT_AUDITED) writeFileSync(process.env.NOT_AUDITED, `${verdict.reason}\n`);
} else {
  const hint =
    'Run .ci/audit where npm reaches a registry with an audit service; see npm config get registry.';
  if (verdict.kind === 'not offered')
    fail('the configured registry has no audit service', [verdict.reason, hint]);
  fail('the registry did not answer the audit request', [verdict.reason, hint], 2);
}

function fail(what: string, lines: readonly string[], code = 1): never {
  console.error([`error: ${what}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  process.exit(code);
}
