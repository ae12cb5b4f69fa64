/** Control and format characters and line separators, which a terminal takes as orders; not the line end and the tab of a stack. */
const UNSAFE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text with each of them as `\u{9b}`: a label value in a message comes from whoever sent the request. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
