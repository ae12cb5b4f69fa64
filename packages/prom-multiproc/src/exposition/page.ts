import type { Family } from '../merge/family.ts';
import { ProtobufWriter } from '../util/protobuf-writer.ts';
import { TextWriter } from '../util/text-writer.ts';
import { clashing, hasClash, OpenHead } from './clashing-names.ts';
import type { PageFormat } from './page-format.ts';
import { parseText } from './parse-text.ts';
import type { ParsedFamily } from './parsed-family.ts';
import { writeParsedFamily } from './parsed-protobuf.ts';
import { parsedOpenHead, writeParsedText } from './parsed-text.ts';
import { writeFamily } from './protobuf-format.ts';
import { openHead, writeTextFamily } from './text-format.ts';
import { UntypedSamples } from './untyped-samples.ts';

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
  const shown = isOpen ? withoutClashes([...blocks], format) : blocks;
  // Discards the rest of a page whose rendering threw.
  texts.clear();
  let separator = '';
  for (const block of shown) {
    texts.string(separator);
    if (typeof block === 'string') texts.string(block);
    else if ('samples' in block) writeParsedText(texts, block, format);
    else writeTextFamily(texts, block, format);
    separator = isOpen ? '\n' : '\n\n';
  }
  texts.string(isOpen ? '\n# EOF\n' : '\n');
  return texts.takeBytes();
}

/**
 * Replaces the metrics whose names OpenMetrics does not allow beside each other, such as a gauge `jobs` and a counter `jobs_total`,
 * by their samples without a type. Otherwise some parsers would reject the whole page. Ignores metrics in text.
 */
function withoutClashes(blocks: readonly Block[], format: PageFormat): readonly Block[] {
  const heads = blocks.map((block) => headOf(block, format));
  if (!hasClash(heads)) return blocks;
  const clashes = clashing(heads.filter((head) => head !== undefined));
  const samples = new UntypedSamples();
  return blocks.flatMap((block, i): readonly Block[] => {
    if (typeof block === 'string' || !clashes.has(heads[i]!)) return [block];
    const read =
      'samples' in block ? [block] : parseText(renderFamily(block, { ...format, syntax: 'text' }), false);
    return read.flatMap((family) => samples.add(family));
  });
}

function headOf(block: Block, format: PageFormat): OpenHead | undefined {
  if (typeof block === 'string') return undefined;
  return 'samples' in block ? new OpenHead(parsedOpenHead(block, format)) : openHead(block, format);
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
