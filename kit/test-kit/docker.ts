import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const COMMAND_TIMEOUT_MS = 120_000;

const CLIENTS = ['docker', '/usr/bin/docker'];
let found: string | undefined;

/** Returns the first docker client with the compose v2 plugin. Throws if there is none. */
export function dockerClient(): string {
  found ??= CLIENTS.find((candidate) => {
    const { status, stdout } = spawnSync(candidate, ['compose', 'version', '--short'], { encoding: 'utf8' });
    return status === 0 && /^v?[2-9]/.test(stdout);
  });
  if (found !== undefined) return found;
  throw new Error(`none of ${CLIENTS.join(', ')} has compose v2: install it, or run scripts/up`);
}

/** Runs a docker command and returns its stdout. Rejects if it fails; the error contains its stderr. */
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

/** Returns stdout and stderr of a container, one after the other. */
export async function containerLog(container: string): Promise<string> {
  const options = { maxBuffer: MAX_OUTPUT_BYTES, timeout: COMMAND_TIMEOUT_MS };
  const { stdout, stderr } = await run(dockerClient(), ['logs', container], options);
  return stdout + stderr;
}

/**
 * Removes a compose project with its volumes. It finds them by label, so it needs no compose file, and does nothing if the project does
 * not exist. Synchronous, so it can run in an exit handler.
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
  if (status !== 0) console.error(`cannot remove the compose project ${project}: ${stderr}`);
}
