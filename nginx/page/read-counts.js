/**
 * @typedef {object} Counts the response of /demo/counts
 * @property {number} worker
 * @property {number} own
 * @property {number | null} shared
 * @property {'off' | 'unshared' | 'no-pings' | 'broken'} [without]
 * @property {boolean} controls
 *
 * @typedef {object} Round
 * @property {Counts | null} first response to the first attempt; null if it failed
 * @property {Counts | null} any first successful response
 * @property {boolean} missing whether the app has no /demo/counts
 *
 * @typedef {(path: string, init: RequestInit) => Promise<Response>} Fetch
 */

const COUNTS = '/demo/counts';

/**
 * Reads the counts. If the worker of the first attempt is blocked or exits, its own count is missing, and a further attempt gets the
 * shared count from another worker.
 *
 * @param {Fetch} fetch
 * @param {{ timeoutMs: number, attempts: number }} options
 * @returns {Promise<Round>}
 */
export async function readCounts(fetch, { timeoutMs, attempts }) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await readOnce(fetch, timeoutMs);
    if (answer === 'missing') return { first: null, any: null, missing: true };
    if (answer !== 'silent') return { first: attempt === 0 ? answer : null, any: answer, missing: false };
  }
  return { first: null, any: null, missing: false };
}

/**
 * @param {Fetch} fetch
 * @param {number} timeoutMs
 * @returns {Promise<Counts | 'silent' | 'missing'>}
 */
async function readOnce(fetch, timeoutMs) {
  try {
    const response = await fetch(COUNTS, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    if (response.status === 404) return 'missing';
    return response.ok ? await response.json() : 'silent';
  } catch {
    // A timeout or a closed connection: the page shows a gap.
    return 'silent';
  }
}
