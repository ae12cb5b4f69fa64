import type { Label } from '../merge/label-text.ts';

/** A metric that was read from text. */
export interface ParsedFamily {
  readonly name: string;
  help: string | undefined;
  type: string;
  readonly samples: ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: readonly Label[];
  readonly value: number;
  readonly timestampMs: number | undefined;
  readonly exemplar: ParsedExemplar | undefined;
}

export interface ParsedExemplar {
  readonly labels: readonly Label[];
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number | undefined;
}

/** Whether a sample is the start time of another one. */
export function isCreated({ name }: ParsedSample): boolean {
  return name.endsWith('_created');
}
