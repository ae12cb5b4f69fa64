/**
 * Builds dist/ and replaces package.json by the published one until `postpack`. The package.json of the repository names TypeScript
 * sources, which Node does not run in node_modules (https://nodejs.org/api/typescript.html#type-stripping-in-dependencies).
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { MANIFEST, SAVED_MANIFEST } from './manifest-files.ts';
import { publishedManifest } from './published-manifest.ts';

// An earlier pack was interrupted.
if (existsSync(SAVED_MANIFEST)) renameSync(SAVED_MANIFEST, MANIFEST);
await import('./build.ts');
const published = `${MANIFEST}.published`;
writeFileSync(
  published,
  `${JSON.stringify(publishedManifest(readFileSync(MANIFEST, 'utf8')), undefined, 2)}\n`,
);
renameSync(MANIFEST, SAVED_MANIFEST);
renameSync(published, MANIFEST);
