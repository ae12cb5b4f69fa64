/** The value of one line of an exposition, or undefined where there is no such line. `series` is its text as shown. */
export function sample(text: string, series: string): number | undefined {
  const line = text.split('\n').find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** All lines of one metric, HELP and TYPE left out. */
export function samples(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name));
}

/** All values of an exposition by the text of their series. */
export function values(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}
