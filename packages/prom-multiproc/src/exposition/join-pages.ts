import { reusePage } from './page.ts';
import type { PageFormat } from './page-format.ts';

const EOF = '# EOF\n';
const END = /# EOF\n?$/;
const EMPTY_LINE = Buffer.from('\n');

/**
 * Joins the pages of several registries to one. A page in OpenMetrics then has one `# EOF`, and not the empty line with which
 * clients begin a page without metrics: no parser accepts it.
 */
export function joinPages(pages: readonly (string | Buffer)[], { syntax }: PageFormat): string | Buffer {
  const isOpen = syntax === 'openmetrics';
  const [first, ...others] = pages.map(bytesOf);
  if (others.length === 0) return isOpen && isEmpty(withoutEnd(first!)) ? EOF : pages[0]!;
  const all = [first!, ...others];
  const page = Buffer.concat(
    isOpen ? [...all.map(withoutEnd).filter((one) => !isEmpty(one)), Buffer.from(EOF)] : all,
  );
  for (const one of all) reusePage(one);
  return page;
}

function bytesOf(page: string | Buffer): Buffer {
  return typeof page === 'string' ? Buffer.from(page) : page;
}

function withoutEnd(page: Buffer): Buffer {
  const [end = ''] = END.exec(page.toString('latin1', Math.max(0, page.length - EOF.length))) ?? [];
  return page.subarray(0, page.length - end.length);
}

function isEmpty(page: Buffer): boolean {
  return page.equals(EMPTY_LINE) || page.length === 0;
}
