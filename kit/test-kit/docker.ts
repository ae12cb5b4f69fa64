import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const COMMAND_TIMEOUT_MS = 120_000;

const CLIENTS = ['docker', '/usr/bin/docker'];
let found: string | undefined;

/** The first docker client that has the compose v2 plugin: another one earlier on the PATH may lack it. */
export function dockerClient(): string {
  found ??= CLIENTS.find((candidate) => {
    const { status, stdout } = spawnSync(candidate, ['compose', 'version', '--short'], { encoding: 'utf8' });
    return status === 0 && /^v?[2-9]/.test(stdout);
  });
  if (found !== undefined) return found;
  throw new Error(
    `none of ${CLIENTS.join(', ')} has compose v2: start the engine with scripts/up, or install it`,
  );
}

/** Standard output of a docker command; its failure carries what it said on standard error. */
export async function docker(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<string> {
  const { stdout } = await run(dockerClient(), args, {
    env,
    maxBuffer: MAX_OUTPUT_BYTES,
    timeout: timeoutMs,
  });
  return stdout;
}

/**
 * Removes a compose project with all that belongs to it, by its labels: it needs no compose file, and it is safe where
 * nothing is left. Synchronous, so that it also works while the process ends.
 */
export function removeProject(project: string): void {
  const down = [
    'compose',
    '--project-name',
    project,
    'down',
    '--volumes',
    '--remove-orphans',
    '--timeout',
    '5',
  ];
  const { status, stderr } = spawnSync(dockerClient(), down, {
    encoding: 'utf8',
    timeout: COMMAND_TIMEOUT_MS,
  });
  if (status !== 0) console.error(`could not take down ${project}: ${stderr}`);
}
