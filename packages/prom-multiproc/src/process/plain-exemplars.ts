import type { ClientMetric, ClientRegistry } from '../client/client-internals.ts';
import { isReadable } from '../exposition/exemplar-rows.ts';
import { exemplarText } from '../exposition/parsed-text.ts';
import { MOST_CHARACTERS } from '../format/exemplar-record.ts';
import type { Label } from '../merge/label-text.ts';

/** The text of a metric, and the same text with exemplars at the end of lines, as in OpenMetrics. */
export interface TracedText {
  readonly text: string;
  readonly withExemplars: string;
}

/** A value as the clients export it. */
interface ExportedValue {
  readonly exemplar?: ClientExemplar | null;
}

interface ClientExemplar {
  readonly labelSet: Readonly<Record<string, unknown>>;
  readonly value?: number | null;
  /** Unix time in seconds. */
  readonly timestamp?: number;
}

/** What a client's `getMetricsAsString` reads from a metric. */
interface Exporting extends ClientMetric {
  getForPromString?(): Promise<unknown>;
}

/** Lines of a metric before its values: HELP and TYPE. */
const HEAD_LINES = 2;

/** Returns the text of a metric. The clients write exemplars only if the content type of the registry is OpenMetrics. */
export async function tracedText(register: ClientRegistry, metric: Exporting): Promise<TracedText> {
  if (metric.enableExemplars !== true) {
    const text = await register.getMetricsAsString(metric);
    return { text, withExemplars: text };
  }
  const method = metric.getForPromString === undefined ? 'get' : 'getForPromString';
  let exemplars: readonly string[] = [];
  // One call: it runs collect(). Later the client may have changed the exemplars.
  const read = async (): Promise<unknown> => {
    const exported = (await metric[method]!()) as { readonly values?: readonly ExportedValue[] };
    exemplars = (exported.values ?? []).map(({ exemplar }) => textOf(exemplar));
    return exported;
  };
  const text = await register.getMetricsAsString(Object.create(metric, { [method]: { value: read } }));
  const lines = text.split('\n');
  if (lines.length !== HEAD_LINES + exemplars.length) return { text, withExemplars: text };
  const withExemplars = lines.map((line, i) => line + (exemplars[i - HEAD_LINES] ?? '')).join('\n');
  return { text, withExemplars };
}

/** Empty if there is none, or none that a parser accepts. */
function textOf(exemplar: ClientExemplar | null | undefined): string {
  const { labelSet = {}, value, timestamp } = exemplar ?? {};
  if (typeof value !== 'number' || timestamp === undefined) return '';
  const labels = Object.entries(labelSet).map(([name, text]): Label => [name, `${text}`]);
  // The application may have changed its object since the client checked the length.
  if (!isReadable({ labels }) || labels.flat().join('').length > MOST_CHARACTERS) return '';
  return exemplarText({ labels, value, timestamp });
}
