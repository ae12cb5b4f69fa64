/**
 * Control (Cc) and format (Cf) characters and line separators: a terminal or an editor takes them as orders. A line end and a tab
 * are left alone, as the text of a stack has them.
 */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MOST_PATH_BYTES = 256;
/** nginx/log-path.conf has the same rule: printable ASCII, the first bytes of it. */
const PATH_START = new RegExp(`^[!->@-~]{0,${MOST_PATH_BYTES}}`);

/** The text with each of them as `\u009b`: what JSON reads as the same character. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** The path of a request's target for a log line: without its query, bounded, with a mark where it was cut. */
export function pathForLog(target = ''): string {
  const path = target.split('?', 1)[0]!;
  const [start] = PATH_START.exec(path)!;
  return start.length === path.length ? path : `${start} (cut)`;
}
