/**
 * Asks the app for its counts.
 *
 * @typedef {object} Counts what /demo/counts answers
 * @property {number} worker
 * @property {number} own
 * @property {number | null} shared
 * @property {'off' | 'unshared' | 'no-pings' | 'broken'} [without]
 * @property {boolean} controls
 *
 * @typedef {object} Round
 * @property {Counts | null} first what the one worker said that was asked; null where it was silent
 * @property {Counts | null} any what the first worker said that answered at all
 * @property {boolean} missing whether the app does not know the question
 *
 * @typedef {(path: string, init: RequestInit) => Promise<Response>} Fetch
 */

const COUNTS = '/demo/counts';

/**
 * One round. The worker that is asked first may be blocked or dying: its own count is then not to be had, but the shared one
 * is, from any other.
 *
 * @param {Fetch} fetch
 * @param {{ timeoutMs: number, attempts: number }} options
 * @returns {Promise<Round>}
 */
export async function ask(fetch, { timeoutMs, attempts }) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const answer = await once(fetch, timeoutMs);
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
async function once(fetch, timeoutMs) {
  try {
    const response = await fetch(COUNTS, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    if (response.status === 404) return 'missing';
    return response.ok ? await response.json() : 'silent';
  } catch {
    // Whatever it was (too late, cut off): that worker gave no answer, and the page shows a gap.
    return 'silent';
  }
}
