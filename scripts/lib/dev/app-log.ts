import { stripVTControlCharacters } from 'node:util';

/** Compose 2.26 writes an escape sequence before the name, also to a pipe. */
const COMPOSE_LINE = /^([a-z-]+?)-\d+ +\| ?(.*)$/;
const TAIL_HEADER = /^==> .*?([^/]+)\.log <==$/;

/** Picks the lines of the app from what scripts/up prints while it follows the logs of all programs. */
export class AppLog {
  /** The program whose log `tail` prints, without containers. */
  #program = '';

  /** Returns the text of a line of the app; undefined for any other line. */
  textOf(line: string): string | undefined {
    const [, service, text] = COMPOSE_LINE.exec(stripVTControlCharacters(line)) ?? [];
    if (service !== undefined) return service === 'app' ? text : undefined;
    const [, program] = TAIL_HEADER.exec(line) ?? [];
    if (program !== undefined) {
      this.#program = program;
      return undefined;
    }
    return this.#program === 'app' && line !== '' ? line : undefined;
  }
}

const PLACE = /demo-app\/src\/[^\s:]+:\d+/;

/**
 * Lists why a worker did not start, as `demo-app/src/file:line: message`, if the line reports that. An error whose stack does not lead
 * through the application has no place.
 */
export function startErrors(text: string): string[] {
  if (!text.includes('"cannot start"')) return [];
  const { error, stack, refused } = JSON.parse(text) as { error: string; stack?: string; refused?: string[] };
  const [place] = PLACE.exec(stack ?? '') ?? [];
  if (place !== undefined) return [`${place}: ${error}`];
  return refused?.length ? refused.map(fromRoot) : [error];
}

/** Removes what precedes the path from the root of the checkout. */
function fromRoot(refused: string): string {
  return refused.replace(/^.*?(?=demo-app\/src\/)/, '');
}
