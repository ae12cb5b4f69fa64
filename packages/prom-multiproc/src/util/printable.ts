/** Control and format characters and line separators, which can control a terminal. Excludes line feed and tab, as in stacks. */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Escapes unsafe characters as `\u{9b}`. Label values in messages may come from requests. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
