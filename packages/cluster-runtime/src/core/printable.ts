/**
 * Control (Cc) and format (Cf) characters and line separators, which a terminal or an editor interprets. Line feed and tab are
 * allowed, because stack traces contain them.
 */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MAX_PATH_BYTES = 256;
/** Printable ASCII, up to MAX_PATH_BYTES. nginx/log-path.conf has the same rule. */
const PATH_START = new RegExp(`^[!->@-~]{0,${MAX_PATH_BYTES}}`);

/** Replaces each unsafe character by its JSON escape, such as `\u009b`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** Returns the path of a request target for a log line: without its query, and marked with `(cut)` where it was cut. */
export function pathForLog(target = ''): string {
  const path = target.split('?', 1)[0]!;
  const [start] = PATH_START.exec(path)!;
  return start.length === path.length ? path : `${start} (cut)`;
}
