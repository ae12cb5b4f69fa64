/**
 * prepack: builds, then puts the package.json of the published package in place of the repository's, which names the
 * sources: Node compiles none in node_modules. npm packs whatever package.json is there, and `postpack` puts the
 * repository's back.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { MANIFEST, SAVED_MANIFEST } from './manifest-files.ts';
import { publishedManifest } from './published-manifest.ts';

// An earlier pack that was ended halfway.
if (existsSync(SAVED_MANIFEST)) renameSync(SAVED_MANIFEST, MANIFEST);
await import('./build.ts');
const published = `${MANIFEST}.published`;
writeFileSync(
  published,
  `${JSON.stringify(publishedManifest(readFileSync(MANIFEST, 'utf8')), undefined, 2)}\n`,
);
renameSync(MANIFEST, SAVED_MANIFEST);
renameSync(published, MANIFEST);
