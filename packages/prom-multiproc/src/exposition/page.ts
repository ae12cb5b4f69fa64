import type { Family } from '../merge/family.ts';
import { ProtobufWriter } from '../util/protobuf-writer.ts';
import { TextWriter } from '../util/text-writer.ts';
import type { PageFormat } from './page-format.ts';
import { parseText } from './parse-text.ts';
import type { ParsedFamily } from './parsed-family.ts';
import { writeParsedFamily } from './parsed-protobuf.ts';
import { writeParsedText } from './parsed-text.ts';
import { writeFamily } from './protobuf-format.ts';
import { createdName, writeTextFamily } from './text-format.ts';

/** A metric of a page. A string is the text of one, without a final line feed, in the format of the page. */
export type Block = Family | ParsedFamily | string;

const texts = new TextWriter();
const messages = new ProtobufWriter();

/** Renders a page in UTF-8 or in protobuf. */
export function renderPage(blocks: Iterable<Block>, format: PageFormat): Buffer {
  return format.syntax === 'protobuf' ? renderMessages(blocks, format) : renderText(blocks, format);
}

function renderText(blocks: Iterable<Block>, format: PageFormat): Buffer {
  const isOpen = format.syntax === 'openmetrics';
  // Discards the rest of a page whose rendering threw.
  texts.clear();
  let separator = '';
  const all = isOpen && format.created ? [...blocks] : undefined;
  const names = all && namesOf(all);
  for (const block of all ?? blocks) {
    texts.string(separator);
    if (typeof block === 'string') texts.string(block);
    else if ('samples' in block) writeParsedText(texts, block, format);
    else if (names?.has(createdName(block, format)))
      writeTextFamily(texts, block, { ...format, created: false });
    else writeTextFamily(texts, block, format);
    separator = isOpen ? '\n' : '\n\n';
  }
  texts.string(isOpen ? '\n# EOF\n' : '\n');
  return texts.takeBytes();
}

/** The names of the metrics, except those in text. */
function namesOf(blocks: readonly Block[]): Set<string> {
  return new Set(blocks.flatMap((block) => (typeof block === 'string' ? [] : block.name)));
}

function renderMessages(blocks: Iterable<Block>, format: PageFormat): Buffer {
  messages.clear();
  for (const block of blocks) {
    if (typeof block === 'string') throw new TypeError('a page in protobuf contains text');
    if ('samples' in block) writeParsedFamily(messages, block, format);
    else writeFamily(messages, block, format);
  }
  return messages.takeBytes();
}

/** Lets the next page use the memory of a page that is not needed any more. */
export function reusePage(page: Buffer): void {
  texts.reuse(page);
  messages.reuse(page);
}

/** Renders one family as text, without a final line feed. */
export function renderFamily(family: Family, format: PageFormat): string {
  texts.clear();
  writeTextFamily(texts, family, format);
  return texts.take();
}

/**
 * Converts text that a client has written in the format `native` to blocks of a page in `format`.
 * @throws UnknownTextError if it is needed to read the text, and it is in another format
 */
export function convertText(
  text: string,
  native: PageFormat,
  format: PageFormat,
): readonly (ParsedFamily | string)[] {
  return native.syntax === format.syntax ? [text] : parseText(text, native.syntax === 'openmetrics');
}
