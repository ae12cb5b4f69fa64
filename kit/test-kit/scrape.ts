import { type Exposition, parseExposition } from './exposition.ts';

export async function scrape(url: string, timeoutMs: number): Promise<Exposition> {
  return parseExposition(await getText(url, timeoutMs));
}

/** The server answered with another status than 200. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly status: number;

  constructor(url: string, status: number, body: string) {
    super(`${url} answered ${status}: ${JSON.stringify(body.slice(0, 120))}`);
    this.status = status;
  }
}

/** Returns the body. Throws AnswerError if the status is not 200. */
export async function getText(url: string, timeoutMs: number): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const body = await response.text();
  if (response.status !== 200) throw new AnswerError(url, response.status, body);
  return body;
}
