import { printable } from '../util/printable.ts';

/** Names that are known not to be of slot files, and what such a file is. */
const KNOWN: readonly (readonly [name: RegExp, what: string])[] = [
  [
    /^(counter|histogram|summary|gauge_(live)?(all|sum|min|max|mostrecent))_.+\.db$/,
    "a file of Python's prometheus_client, which uses the same variable",
  ],
  [/^metric_.+___.+\.bin$/, "a file of Ruby's prometheus-client"],
  [/^\.nfs[0-9a-f]+$/, 'a file that NFS left there, on which memory cannot be shared'],
  [/^lost\+found$/, 'what the file system keeps at its mount point'],
];

/** What a file in the directory is that is not a slot file. */
export function describeForeign(name: string): string {
  const [, what = 'which is not a slot file'] = KNOWN.find(([pattern]) => pattern.test(name)) ?? [];
  return `${printable(JSON.stringify(name))}, ${what}`;
}

/** Whether another application's client counts in the directory, too. */
export function isOfAnotherClient(name: string): boolean {
  return KNOWN.slice(0, 2).some(([pattern]) => pattern.test(name));
}
