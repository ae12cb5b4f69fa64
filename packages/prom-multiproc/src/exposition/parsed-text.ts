import { escapeHelp, labelText } from '../merge/label-text.ts';
import { formatValue, type TextWriter } from '../util/text-writer.ts';
import { counterName, type Head, openCounter, type PageFormat } from './page-format.ts';
import { isCreated, type ParsedExemplar, type ParsedFamily, type ParsedSample } from './parsed-family.ts';

const PLAIN_TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);

/** Writes a family that was read from text in the other text format, without a final line feed. */
export function writeParsedText(out: TextWriter, family: ParsedFamily, format: PageFormat): void {
  const isOpen = format.syntax === 'openmetrics';
  const { name, type } = isOpen ? parsedOpenHead(family, format) : plainHead(family, format);
  const help = family.help === undefined ? '' : `# HELP ${name} ${escapeHelp(family.help)}\n`;
  out.string(`${help}# TYPE ${name} ${type}`);
  for (const sample of family.samples) {
    out.string(line(sample, isOpen));
    if (isOpen && hasExemplar(sample, type)) out.string(exemplarText(sample.exemplar!));
  }
}

/** Whether a sample has an exemplar that OpenMetrics allows. */
function hasExemplar({ name, exemplar }: ParsedSample, type: string): boolean {
  if (exemplar === undefined) return false;
  return type === 'counter' ? name.endsWith('_total') : type === 'histogram' && name.endsWith('_bucket');
}

function plainHead(family: ParsedFamily, format: PageFormat): Head {
  const { name, type } = family;
  if (type === 'counter') return { name: seriesOfCounter(family, format), type };
  return { name, type: PLAIN_TYPES.has(type) ? type : 'untyped' };
}

/** The name and type in OpenMetrics. */
export function parsedOpenHead(family: ParsedFamily, format: PageFormat): Head {
  const { name, type } = family;
  if (type === 'counter') return openCounter(seriesOfCounter(family, format));
  return { name, type: type === 'untyped' ? 'unknown' : type };
}

/** The name of a counter's series. The name of an OpenMetrics counter lacks `_total`. */
export function seriesOfCounter({ name, samples }: ParsedFamily, format: PageFormat): string {
  return samples.find((sample) => !isCreated(sample))?.name ?? counterName(name, format);
}

function line({ name, labels, value, timestampMs }: ParsedSample, isOpen: boolean): string {
  const braces = labels.length === 0 ? '' : `{${labelText(labels)}}`;
  const time = timestampMs === undefined ? '' : ` ${isOpen ? timestampMs / 1000 : Math.round(timestampMs)}`;
  return `\n${name}${braces} ${formatValue(value)}${time}`;
}

/** An exemplar at the end of a line. */
export function exemplarText({ labels, value, timestamp }: ParsedExemplar): string {
  return ` # {${labelText(labels)}} ${formatValue(value)}${timestamp === undefined ? '' : ` ${timestamp}`}`;
}
