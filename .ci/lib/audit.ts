import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { auditVerdict, unheldPackages } from './audit-verdict.ts';

/** What .ci/audit says of `npm audit --json` on standard input; exit code 2 where the registry did not answer. */

const LOCK = resolve(import.meta.dirname, '../../package-lock.json');

const lock = JSON.parse(readFileSync(LOCK, 'utf8')) as Parameters<typeof unheldPackages>[0];
const unheld = unheldPackages(lock);
if (unheld.length > 0) fail('packages without a SHA-512 in package-lock.json', unheld);
console.log(
  `ok    every package of package-lock.json (${Object.keys(lock.packages).length}) is held by its SHA-512`,
);

const verdict = auditVerdict(await text(process.stdin));
if (verdict.kind === 'clean') {
  console.log('ok    the registry knows of no vulnerability in any of them');
} else if (verdict.kind === 'vulnerable') {
  fail('vulnerable packages', [...verdict.findings, 'More: npm audit. Mend with: npm audit fix']);
} else if (verdict.kind === 'not offered' && process.env.AUDIT !== 'required') {
  console.log(`NOT AUDITED: the registry of this machine has no audit service (${verdict.reason}).`);
  console.log('  Run .ci/audit where npm asks a registry that has one.');
  if (process.env.NOT_AUDITED) writeFileSync(process.env.NOT_AUDITED, `${verdict.reason}\n`);
} else {
  const hint =
    'Run .ci/audit again where npm reaches a registry with an audit service: npm config get registry';
  fail(
    'the registry could not be asked for vulnerabilities',
    [verdict.reason, hint],
    verdict.kind === 'not answered' ? 2 : 1,
  );
}

function fail(what: string, lines: readonly string[], code = 1): never {
  console.error([`error: ${what}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  process.exit(code);
}
