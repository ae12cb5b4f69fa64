/** Writes a line to stderr with the seconds since this process started. */
export function progress(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0)} s: ${text}\n`);
}
