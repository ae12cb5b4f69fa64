import { sortedLabels } from '../merge/label-text.ts';
import type { ParsedFamily } from './parsed-family.ts';

/** Families without a type, one for each name of a sample. Of several samples with the same name and labels it keeps the first. */
export class UntypedSamples {
  readonly #byName = new Map<string, { readonly family: ParsedFamily; readonly labels: Set<string> }>();

  /** Adds the samples of a family. @returns the families that are new */
  add({ name, help, samples }: ParsedFamily): ParsedFamily[] {
    const added: ParsedFamily[] = [];
    const open = (own: string): { readonly family: ParsedFamily; readonly labels: Set<string> } => {
      let one = this.#byName.get(own);
      if (one === undefined) {
        one = { family: { name: own, help, type: 'untyped', samples: [] }, labels: new Set() };
        this.#byName.set(own, one);
        added.push(one.family);
      }
      return one;
    };
    if (samples.length === 0) open(name);
    for (const sample of samples) {
      const { family, labels } = open(sample.name);
      const key = sortedLabels(sample.labels);
      if (!labels.has(key)) family.samples.push(sample);
      labels.add(key);
    }
    return added;
  }
}
