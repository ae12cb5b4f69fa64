/** The value of a series in an exposition; undefined if it is missing. `series` is its exact text, such as `a_total{x="1"}`. */
export function sample(text: string, series: string): number | undefined {
  const line = text.split('\n').find((line) => line.startsWith(`${series} `));
  // In OpenMetrics an exemplar may follow.
  return line === undefined ? undefined : Number(line.slice(series.length + 1).split(' # ', 1)[0]);
}

/** All lines that begin with `name`, without HELP and TYPE. */
export function samples(text: string, name: string): string[] {
  return text.split('\n').filter((line) => line.startsWith(name));
}

/** All values of an exposition, by the text of their series. */
export function values(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}
