/**
 * Control characters, format characters and line separators: they can control a terminal. Line feed and tab are not included,
 * because stack traces contain them.
 */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Escapes unsafe characters as `\u{9b}`. Label values in messages may come from requests. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
