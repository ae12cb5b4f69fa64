import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** With these Node parses and resolves for a program as it does for itself. */
const FLAGS = [
  '--experimental-vm-modules',
  '--experimental-import-meta-resolve',
  '--disable-warning=ExperimentalWarning',
];

/** What Node would refuse of the sources in the directory, each as `file:line: message`. It throws where it cannot say. */
export function checkSyntax(directory: string): string[] {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [...FLAGS, join(import.meta.dirname, 'node-syntax.ts'), directory],
    { encoding: 'utf8' },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(`cannot check the syntax of ${directory}: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

/** check-syntax DIRECTORY: ends with 1 where anything is refused. */
if (import.meta.main) {
  const refused = checkSyntax(process.argv[2]!);
  for (const line of refused) console.log(line);
  process.exitCode = Math.min(refused.length, 1);
}
