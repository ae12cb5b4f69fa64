/**
 * Returns the announcement for a fault control that failed.
 *
 * @param {string} path
 * @param {{ readonly status: number } | undefined} answer undefined after a timeout or a closed connection
 */
export function controlFailure(path, answer) {
  if (answer === undefined) return `No answer from ${path}. Try again.`;
  if (answer.status === 404) return `${path} does not exist: the app runs without DEMO_CONTROLS=1.`;
  return `${path} failed with status ${answer.status}. Try again in a second.`;
}
