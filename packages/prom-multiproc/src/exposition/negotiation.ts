import { formatOf, type PageFormat, type Syntax, TEXT_CONTENT_TYPE } from './page-format.ts';

// https://prometheus.io/docs/instrumenting/content_negotiation/ and https://www.rfc-editor.org/rfc/rfc9110#name-accept

export interface Answer {
  readonly format: PageFormat;
  readonly contentType: string;
}

/** A content type that can be answered. */
interface Offer {
  readonly syntax: Syntax;
  readonly type: string;
  readonly contentType: string;
  /** Parameters by which a range of the header selects it. Others are ignored. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether a range without these parameters selects it, too, such as a wildcard. */
  readonly isDefault: boolean;
  /** Whether the answer always names an escaping scheme. All have the same result: no client allows names that need one. */
  readonly namesEscaping: boolean;
}

/** One of `Accept`, such as `text/plain;version=1.0.0;q=0.5`. */
interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly q: number;
}

const TEXT_1: Offer = {
  syntax: 'text',
  type: 'text/plain',
  contentType: 'text/plain; version=1.0.0; charset=utf-8',
  parameters: { version: '1.0.0' },
  isDefault: false,
  namesEscaping: true,
};
const TEXT_0: Offer = {
  ...TEXT_1,
  contentType: TEXT_CONTENT_TYPE,
  parameters: { version: '0.0.4' },
  isDefault: true,
  namesEscaping: false,
};
const OPEN_METRICS: Offer = {
  syntax: 'openmetrics',
  type: 'application/openmetrics-text',
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  parameters: { version: '1.0.0' },
  isDefault: true,
  namesEscaping: false,
};
const PROTOBUF: Offer = {
  syntax: 'protobuf',
  type: 'application/vnd.google.protobuf',
  contentType: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
  parameters: { proto: 'io.prometheus.client.MetricFamily', encoding: 'delimited' },
  isDefault: false,
  namesEscaping: false,
};

const DEFAULT_ESCAPING = 'underscores';
const ESCAPINGS = new Set(['allow-utf-8', DEFAULT_ESCAPING, 'dots', 'values']);

/**
 * Chooses the format of an answer to a request with this `Accept`. Without one, or if it accepts no format that is offered, this is
 * `contentType`, that of the registry. OpenMetrics is offered only if that is OpenMetrics or `offersOpenMetrics` is true, because
 * Prometheus prefers it and its names of series differ.
 */
export function negotiate(
  accept: string | undefined,
  contentType: string,
  offersOpenMetrics = false,
): Answer {
  const native = formatOf(contentType);
  const own = native.syntax === 'openmetrics' ? OPEN_METRICS : TEXT_0;
  const others = [TEXT_0, TEXT_1, PROTOBUF, ...(offersOpenMetrics ? [OPEN_METRICS] : [])];
  const offers = [own, ...others.filter((offer) => offer !== own)];
  const ranges = rangesOf(accept ?? '');
  let best: { offer: Offer; range: Range | undefined; at: number } = {
    offer: own,
    range: undefined,
    at: ranges.length,
  };
  for (const offer of offers) {
    const at = mostSpecific(ranges, offer);
    const range = ranges[at];
    const q = range?.q ?? 0;
    const bestQ = best.range?.q ?? 0;
    if (q > bestQ || (q > 0 && q === bestQ && at < best.at)) best = { offer, range, at };
  }
  const { offer, range } = best;
  const format = { ...native, syntax: offer.syntax };
  const type = offer === own ? contentType : offer.contentType;
  return { format, contentType: `${type}${escapingOf(offer, range)}` };
}

function escapingOf({ namesEscaping, syntax, isDefault }: Offer, range: Range | undefined): string {
  const asked = range?.parameters.get('escaping');
  const known = asked !== undefined && ESCAPINGS.has(asked) ? asked : undefined;
  if (namesEscaping) return `; escaping=${known ?? DEFAULT_ESCAPING}`;
  const isOldText = syntax === 'text' && isDefault;
  return known === undefined || isOldText ? '' : `; escaping=${known}`;
}

/** Index of the most specific range that selects an offer; -1 if none does. */
function mostSpecific(ranges: readonly Range[], offer: Offer): number {
  let index = -1;
  let most = 0;
  for (const [i, range] of ranges.entries()) {
    const specific = specificity(range, offer);
    if (specific <= most) continue;
    index = i;
    most = specific;
  }
  return index;
}

/** 0 if the range does not select the offer; higher the more it says. */
function specificity({ type, parameters, q }: Range, offer: Offer): number {
  // A range with q=0 excludes all that it matches.
  const needsNone = offer.isDefault || q === 0;
  if (type === '*/*') return needsNone ? 1 : 0;
  if (type === `${offer.type.split('/', 1)[0]}/*`) return needsNone ? 2 : 0;
  if (type !== offer.type) return 0;
  let specific = 3;
  for (const [name, expected] of Object.entries(offer.parameters)) {
    const value = parameters.get(name);
    if (value === undefined && needsNone) continue;
    if (value !== expected) return 0;
    specific++;
  }
  return specific;
}

/** The ranges of an `Accept` header. Ignores malformed ones. */
function rangesOf(accept: string): Range[] {
  return split(accept, ',').flatMap((text) => {
    const [type, ...rest] = split(text, ';').map((part) => part.trim());
    const parameters = new Map<string, string>();
    for (const part of rest) {
      const equals = part.indexOf('=');
      if (equals > 0)
        parameters.set(part.slice(0, equals).trim().toLowerCase(), unquoted(part.slice(equals + 1)));
    }
    const weight = parameters.get('q') ?? '1';
    // Number() accepts more, such as 0x1.
    const q = /^[\d.]+$/.test(weight) ? Number(weight) : Number.NaN;
    return q >= 0 && q <= 1 ? [{ type: type!.toLowerCase(), parameters, q }] : [];
  });
}

/** Splits at a separator outside of quotes, in linear time: the header is a stranger's. */
function split(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    else if (character === '\\' && quoted) i++;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquoted(text: string): string {
  const [, quoted] = /^\s*"(.*)"\s*$/s.exec(text) ?? [];
  return quoted === undefined ? text.trim() : quoted.replaceAll(/\\(.)/g, '$1');
}
