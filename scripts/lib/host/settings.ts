import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** The settings of the kit are the variables that docker-compose.yml reads, and their defaults. */
const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)(?::-([^}$]*))?/g;
/** Ports are in stack.env. */
const PORTS = /_PORT$/;

/**
 * Returns the settings of the checkout `root`, or their defaults, as lines NAME='value' for a shell and for systemd. As in compose, the
 * environment goes before .env.
 *
 * @throws Error for a value that cannot be written in both
 */
export function settingsOf(root: string, environment: NodeJS.ProcessEnv): string {
  const file = join(root, '.env');
  const given: NodeJS.ProcessEnv = {
    ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}),
    ...environment,
  };
  const text = filesOf(environment)
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .join('');
  const values = new Map(
    [...text.matchAll(VARIABLE)].map(([, name, fallback]) => [name!, given[name!] || (fallback ?? '')]),
  );
  return [...values]
    .filter(([name, value]) => !PORTS.test(name) && value !== '')
    .map(([name, value]) => `${name}='${plain(name, value)}'\n`)
    .join('');
}

/** scripts/dev has settings of its own. */
function filesOf(environment: NodeJS.ProcessEnv): string[] {
  return ['docker-compose.yml', ...(environment.DEV_SOURCES ? ['scripts/lib/dev/dev.compose.yml'] : [])];
}

function plain(name: string, value: string): string {
  if (!/['\\\n\r]/.test(value)) return value;
  throw new Error(
    `${name} contains a single quote, a backslash or a line break, which a stack without containers cannot pass on`,
  );
}
