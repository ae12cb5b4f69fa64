import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** They give a program access to Node's own parser and resolver. */
const FLAGS = [
  '--experimental-vm-modules',
  '--experimental-import-meta-resolve',
  '--disable-warning=ExperimentalWarning',
];

/** Lists what Node rejects in the sources of a directory, as `file:line: message`. @throws if the check itself fails */
export function checkSyntax(directory: string): string[] {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [...FLAGS, fileURLToPath(new URL('./node-syntax.ts', import.meta.url)), directory],
    { encoding: 'utf8' },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`cannot check the syntax of ${directory}: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

/** check-syntax DIRECTORY: exits with 1 if Node rejects a file. */
if (import.meta.main) {
  const refused = checkSyntax(process.argv[2]!);
  for (const line of refused) console.log(line);
  process.exitCode = Math.min(refused.length, 1);
}
