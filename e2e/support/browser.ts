import { existsSync } from 'node:fs';
import { chromium, type LaunchOptions } from '@playwright/test';

/** `node e2e/support/browser.ts` prints the browser that the tests of the page take, and fails where there is none. */

/** Those of distributions and of Google; Playwright's own comes after them, as it asks for libraries that may be missing. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const named = process.env.CHROMIUM;
const places = named ? [named] : [...PLACES, chromium.executablePath()];
const found = places.find((place) => existsSync(place));

/** Where there is no browser, the tests that want none still run. */
export function browserOptions(): LaunchOptions {
  return {
    ...(found !== undefined && { executablePath: found }),
    // Chromium's sandbox refuses to work for root. What is shown comes from this machine alone.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  };
}

if (import.meta.main) {
  if (found !== undefined) console.log(found);
  else {
    console.error(`no browser at ${places.join(', ')}: run scripts/test, or set CHROMIUM`);
    process.exitCode = 1;
  }
}
