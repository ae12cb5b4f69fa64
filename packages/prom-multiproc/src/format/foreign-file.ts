import { printable } from '../util/printable.ts';

/** Files that are not slot files: what they are, by a pattern of their names. */
const KNOWN: readonly (readonly [name: RegExp, what: string])[] = [
  [
    /^(counter|histogram|summary|gauge_(live)?(all|sum|min|max|mostrecent))_.+\.db$/,
    "a file of Python's prometheus_client, which uses the same variable",
  ],
  [/^metric_.+___.+\.bin$/, "a file of Ruby's prometheus-client"],
  [/^\.nfs[0-9a-f]+$/, 'a file of NFS, which cannot share memory'],
  [/^lost\+found$/, 'which the file system creates at its mount point'],
];

/** The name of a file that is not a slot file, and what the file is. */
export function describeForeign(name: string): string {
  const [, what = 'which is not a slot file'] = KNOWN.find(([pattern]) => pattern.test(name)) ?? [];
  return `${printable(JSON.stringify(name))}, ${what}`;
}

/** Whether the file shows that another client (Python's or Ruby's) counts in the same directory. */
export function isOfAnotherClient(name: string): boolean {
  return KNOWN.slice(0, 2).some(([pattern]) => pattern.test(name));
}
