import { expect } from '@playwright/test';
import { headerOf, type RawAnswer } from '../../../packages/cluster-runtime/test/support/raw-http.ts';

/** Expects one of nginx's own error pages, which reveals no version and no server software. */
export function expectOwnPage(answer: RawAnswer, what: string): void {
  expect(headerOf(answer, 'Server'), what).toBe('nginx');
  expect(headerOf(answer, 'Content-Security-Policy'), what).toMatch(
    /^default-src 'none'; .*frame-ancestors 'none'$/,
  );
  expect(answer.body, what).toContain('<!doctype html>');
  expect(answer.body, what).not.toMatch(/nginx|express|\d\.\d/i);
}
