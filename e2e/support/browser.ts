import { existsSync } from 'node:fs';
import { chromium, type LaunchOptions } from '@playwright/test';

/** `node e2e/support/browser.ts` prints the path of the browser for the page tests. It exits with 1 if there is none. */

/** Chromium of Linux distributions, and Google Chrome. Playwright's own is last, because it needs libraries that may be missing. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const named = process.env.CHROMIUM;
const places = named ? [named] : [...PLACES, chromium.executablePath()];
const found = places.find((place) => existsSync(place));

/** Launch options of the page tests. Without a browser, all other tests still run. */
export function browserOptions(): LaunchOptions {
  return {
    ...(found !== undefined && { executablePath: found }),
    // Chromium's sandbox does not work for root. The tests open pages of this machine only.
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
