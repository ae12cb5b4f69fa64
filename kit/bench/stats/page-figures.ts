const END = '<!-- end of figures -->';

/** Returns the page with `figures` between the marks of `script`. @throws Error if the page has no such marks */
export function withFigures(page: string, script: string, figures: string): string {
  const mark = `<!-- figures: made by ${script} -->`;
  const begin = page.indexOf(mark);
  const end = page.indexOf(END, begin);
  if (begin < 0 || end < begin) throw new Error(`the page has no place for figures: ${mark} ... ${END}`);
  return `${page.slice(0, begin + mark.length)}\n${figures}\n${page.slice(end)}`;
}
